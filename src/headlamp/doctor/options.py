"""The options of `headlamp doctor` itself; everything else on its command line are flags of `headlamp serve`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from headlamp.settings.words import words

GROUPS: Final = ("settings", "sessions", "registration", "ingress", "provider", "cluster", "token")
_SWITCHES: Final = frozenset({"json", "sign-in"})
_VALUES: Final = frozenset({"as-session", "token-file", "skip"})

HELP: Final = """\
Usage: headlamp doctor [OPTIONS] [FLAGS of headlamp serve]

Check the whole chain: settings, the way in, the identity provider and its registration of this
program, and each cluster. Nothing is changed. Give it the same flags and variables as the server,
and run it where the server runs, as its user.

Options:
  --json               Print JSON, as GET /api/doctor answers it.
  --sign-in            Let somebody sign in at the provider, and show the token to each cluster.
                       The callback URL has to be this machine's, and the server not running there.
  --as-session FILE    Show each cluster the token of a session: the file holds the value of its
                       cookie. Needs the server's session store and secret.
  --token-file FILE    Show each cluster the token in the file; - reads standard input.
  --skip GROUPS        Leave out settings, sessions, registration, ingress, provider, cluster or
                       token; several separated by commas.

It ends with 0 when nothing has failed (there may be warnings), with 1 when something has, and with
2 when the command line or the settings can't be used. `headlamp serve --help` explains the flags.
"""


class BadOptions(Exception):  # noqa: N818
    """The command line was not understood; the message is a sentence for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `flags` are those of `headlamp serve`."""

    as_json: bool = False
    sign_in: bool = False
    session_file: str = ""
    token_file: str = ""
    skip: tuple[str, ...] = ()
    flags: tuple[str, ...] = field(default=(), repr=False)


def read_options(argv: Sequence[str]) -> Options:
    """Take the doctor's own options out of a command line. Raises `BadOptions`."""
    switches: set[str] = set()
    values: dict[str, str] = {}
    skipped: list[str] = []
    flags: list[str] = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        dashes = len(argument) - len(argument.lstrip("-"))
        name, equals, value = argument.lstrip("-").partition("=")
        if dashes not in (1, 2) or name not in _SWITCHES | _VALUES or (name in _SWITCHES and equals):
            flags.append(argument)
        elif name in _SWITCHES:
            switches.add(name)
        else:
            if not equals and rest and (rest[0] == "-" or not rest[0].startswith("-")):
                value = rest.pop(0)
            if not value:
                raise BadOptions(f"--{name} needs a value.")
            values[name] = value
            skipped += _groups(value) if name == "skip" else []
    if ("sign-in" in switches) + ("as-session" in values) + ("token-file" in values) > 1:
        raise BadOptions("--sign-in, --as-session and --token-file each bring a token; choose one of them.")
    return Options(
        as_json="json" in switches,
        sign_in="sign-in" in switches,
        session_file=values.get("as-session", ""),
        token_file=values.get("token-file", ""),
        skip=tuple(skipped),
        flags=tuple(flags),
    )


def _groups(value: str) -> list[str]:
    found = words(value)
    if not set(found) <= set(GROUPS):
        raise BadOptions(f"--skip knows {', '.join(GROUPS)}.")
    return list(found)
