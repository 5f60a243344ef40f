"""The user's name: which claims can be it, and what is the matter with an e-mail address."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.kind import is_service_account
from headlamp.access.explanation.mapping import choose_mapping
from headlamp.access.explanation.shortening import in_words, shortened_text
from headlamp.access.explanation.token_reading import text

_CANDIDATES = ("sub", "email", "preferred_username", "upn", "oid", "name")
# Those that people set most often, so that it is worth saying when they are missing.
_ALWAYS_NAMED = ("sub", "email", "preferred_username")


def username_findings(case: Case) -> Iterator[Finding]:
    """`username`, and `email_verified` where a cluster may refuse it; nothing for a token of none of the providers."""
    if case.token.format != "jwt" or is_service_account(case.token):
        return
    claims, user = case.token.claims, case.acceptance.user
    mapping = choose_mapping(case)
    if mapping is None:
        yield Finding(
            "username",
            "(missing)",
            "a claim with the user's name, `sub` unless set otherwise",
            "off",
            "The token has no `sub` and nothing else that could be a user's name.",
            "Have the provider put `sub` into its tokens (Keycloak: the client scope `basic`).",
            fatal=True,
        )
        return
    shown = ", ".join(
        f"{name}: {in_words(claims.get(name))}"
        for name in _CANDIDATES
        if name in _ALWAYS_NAMED or text(claims.get(name))
    )
    if user is not None:
        yield Finding(
            "username", shown, shortened_text(user.username), "ok", "This is what the cluster calls you in its RBAC."
        )
        return
    lacking = [name for name in _ALWAYS_NAMED if not text(claims.get(name))]
    yield Finding(
        "username",
        shown,
        "the claim that --oidc-username-claim names (sub unless set), with text in it",
        "unknown",
        "An API server refuses a token without the claim that it takes the user's name from; its log then says "
        "`parse username claims`."
        + (f" This token has no {' and no '.join(f'`{name}`' for name in lacking)}." if lacking else ""),
        "Compare with the API server's --oidc-username-claim, or claimMappings.username. A missing claim may need "
        "another scope in -oidc-scopes (profile, email) or a mapper at the provider. Without a prefix of its own, "
        "a name from any claim but email begins with the issuer and #.",
    )
    yield from _email(case)


def _email(case: Case) -> Iterator[Finding]:
    claims = case.token.claims
    verified = claims.get("email_verified")
    if not text(claims.get("email")) or "email_verified" not in claims:
        return
    if verified is True:
        yield Finding("email_verified", "true", "true", "ok", "The e-mail address can be the user's name.")
        return
    yield Finding(
        "email_verified",
        in_words(verified),
        "true, where the e-mail address is the user's name",
        "off",
        "An API server whose username claim is email refuses a token with an address that is not verified"
        + ("; its log says `email not verified`." if verified is False else ": true must not be in quotes."),
        "Verify the address at the identity provider, or choose another claim for the name.",
    )
