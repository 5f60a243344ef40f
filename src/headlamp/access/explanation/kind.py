"""What kind of token it is, where that alone decides: opaque ones, Microsoft Graph's, service accounts'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.token_reading import TokenReading, instant, text

_WORDS = {"id_token": "an ID token", "access_token": "an access token", "pasted_token": "a pasted token"}
_GRAPH = frozenset({"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"})


def is_service_account(token: TokenReading) -> bool:
    """Whether a cluster itself issued the token, for a service account."""
    claims = token.claims
    return text(claims.get("sub")).startswith("system:serviceaccount:") and any(
        name.startswith("kubernetes.io") for name in claims
    )


def is_for_graph(token: TokenReading) -> bool:
    """Whether it is an access token for Microsoft Graph, whose signature nobody else can verify.

    Its header carries a `nonce`, and the signature is over the header with that nonce hashed.
    """
    return "nonce" in token.header or not _GRAPH.isdisjoint(token.audiences)


def kind_findings(case: Case) -> Iterator[Finding]:
    """The kind of token, and for one that an API server can't read at all why that is so."""
    token = case.token
    if token.format == "opaque":
        yield _opaque(case)
    elif is_service_account(token):
        yield Finding(
            "kind",
            "a service account's token",
            "a service account that exists in this cluster",
            "unknown",
            "A cluster issues these itself, and no identity provider is asked. This one may be another cluster's, of a "
            "service account that is gone, or for another audience than the API server's (--api-audiences).",
            "Make a new one in this cluster: `kubectl create token NAME -n NAMESPACE`.",
            fatal=True,
        )
    elif is_for_graph(token):
        yield Finding(
            "kind",
            "an access token for Microsoft Graph",
            "a token whose signature can be verified",
            "off",
            "Microsoft signs these so that only Graph can verify them (its header has a `nonce`). No setting of a "
            "cluster accepts one.",
            "Ask for a scope of the cluster's own application in -oidc-scopes, such as "
            "6dae42f8-4368-4678-94ff-3960e28e3630/user.read for AKS or api://YOUR_APPLICATION/…, or leave out "
            "-oidc-use-access-token, so that the ID token is sent.",
            fatal=True,
        )
    else:
        yield Finding("kind", _described(case), "a signed JWT", "ok", "An API server reads signed JWTs.")
    yield from _types(case.token)


def _described(case: Case) -> str:
    typ = text(case.token.header.get("typ"))
    return f"{_WORDS[case.kind]}, a JWT" + (f" (typ {typ[:40]})" if typ else "")


def _opaque(case: Case) -> Finding:
    remedy = {
        "id_token": "Have the provider issue signed ID tokens that are not encrypted.",
        "access_token": "Leave out -oidc-use-access-token, so that the ID token is sent; or have the provider issue "
        "access tokens that are JWTs (RFC 9068), which most do once the cluster is an API, audience or resource of "
        "its own there.",
        "pasted_token": "Paste an ID token, an access token that is a JWT, or a service account's token.",
    }[case.kind]
    return Finding(
        "kind",
        f"{_WORDS[case.kind]}: {case.token.why_opaque}",
        "a signed JWT",
        "off",
        "An API server reads only signed JWTs by itself. For anything else it would need an authentication webhook "
        "that asks the provider.",
        remedy,
        fatal=True,
    )


def _types(token: TokenReading) -> Iterator[Finding]:
    """Claims whose type an API server's reader does not take, whatever is configured."""
    for name in ("sub", "nonce", "at_hash"):
        if not isinstance(token.claims.get(name), str | None):
            yield _unreadable(name, token.claims[name], "text")
    if token.claims.get("iat") is not None and instant(token.claims["iat"]) is None:
        yield _unreadable("iat", token.claims["iat"], "a number of seconds since 1970")


def _unreadable(name: str, value: Any, expected: str) -> Finding:
    return Finding(
        name,
        f"{type(value).__name__} instead of {expected}".replace("dict", "an object").replace("list", "a list"),
        expected,
        "off",
        f"An API server can't read a token whose `{name}` is not {expected}.",
        f"Correct the mapper or rule that makes `{name}` at the identity provider.",
        fatal=True,
    )
