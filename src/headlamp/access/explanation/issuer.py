"""Who issued the token, and for whom: `iss`, `aud` and `azp` against what the cluster trusts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.kind import is_service_account
from headlamp.access.explanation.shortening import in_words, shortened_text
from headlamp.access.explanation.token_reading import text


def issuer_findings(case: Case) -> Iterator[Finding]:
    """`iss`, `aud`, and `azp` where it explains the `aud`; nothing for a token of none of the providers."""
    if case.token.format != "jwt" or is_service_account(case.token):
        return
    yield _issuer(case)
    yield _audience(case)
    party = text(case.token.claims.get("azp"))
    if party and party not in case.token.audiences:
        yield Finding(
            "azp",
            in_words(party),
            "also among the audiences (aud)",
            "off",
            "The token was given to this client, but is not meant for it. An API server looks at `aud` alone.",
            "Add this client to the token's audience at the identity provider (at Keycloak: an audience mapper).",
        )


def unusable_issuer(issuer: str) -> str:
    """Why an API server can't be told to trust `issuer` (AuthenticationConfiguration, issuer.url); empty if it can."""
    if not issuer:
        return "has no issuer"
    if not issuer.isprintable() or " " in issuer:
        return "has an issuer that is not a URL"
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "has an issuer that is not a URL"
    if parts.scheme != "https" or not host:
        return "has an issuer that is not an https URL"
    if parts.username is not None or parts.password is not None or "?" in issuer or "#" in issuer:
        return "has an issuer with a user name, a query or a fragment"
    return ""


def _issuer(case: Case) -> Finding:
    issuer = case.token.issuer
    shown = in_words(case.token.claims.get("iss"))
    if why := unusable_issuer(issuer):
        return Finding(
            "iss",
            shown,
            "an https URL without query and fragment",
            "off",
            f"The token {why}; no API server can be told to trust it.",
            "Give the identity provider its public https address as the issuer (Keycloak: its hostname setting; Dex: "
            "`issuer`), and put that into -oidc-idp-issuer-url.",
            fatal=True,
        )
    if case.issuer and case.issuer != issuer:
        return Finding(
            "iss",
            shown,
            f"{shortened_text(case.issuer)} ({case.source})",
            "off",
            _difference(issuer, case.issuer),
            "Either let the cluster trust the token's issuer, or sign in where the token has the expected one. If only "
            "the setting here is wrong, -oidc-validator-idp-issuer-url corrects it.",
        )
    return Finding(
        "iss",
        shown,
        "the same, to the letter, in --oidc-issuer-url or issuer.url",
        "unknown",
        "An API server refuses a token of any other issuer; its log then says `invalid bearer token`, and nothing of "
        "oidc behind it. Every letter counts, a slash at the end too, and localhost is not 127.0.0.1.",
        f"Compare with the API server's --oidc-issuer-url, or issuer.url of its AuthenticationConfiguration: it must "
        f"be {shortened_text(issuer)}.",
    )


def _difference(found: str, expected: str) -> str:
    if found.rstrip("/") == expected.rstrip("/"):
        return "They differ in the slash at the end only, and an API server compares them to the letter."
    if {urlsplit(found).hostname, urlsplit(expected).hostname} == {"sts.windows.net", "login.microsoftonline.com"}:
        return (
            "Entra ID has two issuers: ID tokens, and access tokens of version 2, come from "
            "login.microsoftonline.com/…/v2.0, access tokens of version 1 from sts.windows.net."
        )
    return "The token comes from another issuer than the one that is expected for this cluster."


def _audience(case: Case) -> Finding:
    audiences = case.token.audiences
    shown = in_words(case.token.claims.get("aud"))
    if not audiences:
        client = text(case.token.claims.get("client_id"))
        return Finding(
            "aud",
            shown,
            "a client id that the cluster trusts",
            "off",
            "An API server demands an audience, and the token names none"
            + (" (only a `client_id`, as Cognito's access tokens do)." if client else "."),
            "Send the ID token (leave out -oidc-use-access-token), or have the provider put an audience into its "
            "access tokens (at Keycloak: an audience mapper).",
            fatal=True,
        )
    if case.audience and case.audience not in audiences:
        return Finding(
            "aud",
            shown,
            f"{shortened_text(case.audience)} ({case.source})",
            "off",
            "The token is for somebody else than the audience that is expected for this cluster; the API server's log "
            "then says `expected audience`.",
            "Have the provider put the expected audience into the token, or let the cluster trust this one as well "
            "(several audiences need an AuthenticationConfiguration with audienceMatchPolicy: MatchAny).",
        )
    several = len(audiences) > 1
    return Finding(
        "aud",
        shown,
        ("one of these" if several else "the same") + " in --oidc-client-id or issuer.audiences",
        "unknown",
        "An API server takes a token only if an audience of it is one that it was told; its log otherwise says "
        "`expected audience`. The flag names a single one, an AuthenticationConfiguration may name several, with "
        "audienceMatchPolicy: MatchAny: one for kubectl and one for this page, say.",
        "Compare with the API server's --oidc-client-id, or issuer.audiences of its AuthenticationConfiguration: "
        f"{shortened_text(preferred_audience(case))} must be there. Or let both use one client: "
        "-oidc-client-id here as at the API server.",
    )


def preferred_audience(case: Case) -> str:
    """The audience of the token that a cluster should trust: the expected one, else the client that it was given to."""
    audiences = case.token.audiences
    party = text(case.token.claims.get("azp")) or text(case.token.claims.get("client_id"))
    for wanted in (case.audience, party):
        if wanted in audiences:
            return wanted
    return audiences[0] if audiences else ""
