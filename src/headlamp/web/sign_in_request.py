"""What the start of a sign-in may be asked for: checked and bounded before it goes to a provider."""

from __future__ import annotations

from collections.abc import Mapping

from headlamp.problems import Problem
from headlamp.web.origin import ExternalOrigin
from headlamp.web.return_to import safe_return_path

LONGEST_HINT = 256
# OpenID Connect Core 1.0, section 3.1.2.1. One at a time: nobody has asked for two, and `none` bears no other.
PROMPTS = frozenset({"login", "none", "select_account", "consent"})


class BadSignInParameter(Problem):
    """A parameter of the request is not one that we would pass on. `name` is the parameter's."""

    code = "oidc.parameter"
    status = 400
    title = "The sign-in can't be started like this"
    remedy = "Start the sign-in from the page."

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        super().__init__(f"The parameter {name} {what}.")


def wishes(query: Mapping[str, str]) -> dict[str, str]:
    """`login_hint` and `prompt` of a request, as parameters for the provider. Raises `BadSignInParameter`."""
    found = {}
    hint, prompt = query.get("login_hint", ""), query.get("prompt", "")
    # As bytes: percent-encoded it becomes part of a header, and proxies take few KB of those.
    if len(hint.encode(errors="replace")) > LONGEST_HINT or not hint.isprintable():
        raise BadSignInParameter("login_hint", f"is longer than {LONGEST_HINT} bytes, or no plain text")
    if hint:
        found["login_hint"] = hint
    if prompt:
        if prompt not in PROMPTS:
            raise BadSignInParameter("prompt", f"must be one of {', '.join(sorted(PROMPTS))}")
        found["prompt"] = prompt
    return found


def own_path(target: str, origin: ExternalOrigin, *, base_url: str) -> str:
    """A place of our own page that somebody else names, as a path or with our own origin; else the start page."""
    prefix = f"{origin}/"
    if target[: len(prefix)].lower() == prefix:
        target = target[len(prefix) - 1 :]
    return safe_return_path(target, base_url=base_url)
