"""The signature: whether its algorithm is one that API servers take, and where they get the keys for it."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.kind import is_service_account
from headlamp.access.explanation.shortening import in_words

DEFAULT_ALGORITHM = "RS256"
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"})
"""What `--oidc-signing-algs` may name; an AuthenticationConfiguration takes all of them."""


def signature_findings(case: Case) -> Iterator[Finding]:
    """`alg`, `crit`, and the keys; nothing for a token that is no JWT."""
    if case.token.format != "jwt":
        return
    yield _algorithm(case.token.algorithm)
    if "crit" in case.token.header:
        yield Finding(
            "crit",
            in_words(case.token.header["crit"]),
            "(missing)",
            "off",
            "The header demands extensions (RFC 7515, section 4.1.11) that an API server does not know, so it must "
            "refuse the token.",
            "Have the provider issue tokens without `crit`.",
            fatal=True,
        )
    yield from _keys(case)


def _algorithm(algorithm: str) -> Finding:
    shown = in_words(algorithm or None)
    if algorithm == DEFAULT_ALGORITHM:
        return Finding(
            "alg", shown, DEFAULT_ALGORITHM, "ok", "Every API server takes RS256 unless it was told otherwise."
        )
    if algorithm in ALGORITHMS:
        return Finding(
            "alg",
            shown,
            f"{DEFAULT_ALGORITHM}, unless --oidc-signing-algs names {algorithm}",
            "off",
            "An API server that is set up with flags takes only RS256 unless --oidc-signing-algs names others; its log "
            "then says `id token signed with unsupported algorithm`. With an AuthenticationConfiguration it takes all "
            "algorithms of the RS, PS and ES families.",
            f"Set --oidc-signing-algs={DEFAULT_ALGORITHM},{algorithm}, or use an AuthenticationConfiguration, or have "
            "the provider sign with RS256.",
        )
    symmetric = algorithm.startswith("HS")
    return Finding(
        "alg",
        shown,
        "RS256, or another of the RS, PS and ES families",
        "off",
        "The key of such a signature is the client's secret, which a cluster must not have."
        if symmetric
        else "No API server takes this algorithm, whatever its settings.",
        "Choose an RSA or EC signing key for this client at the identity provider (at Authentik: a signing "
        "certificate in the provider's settings)."
        if symmetric
        else "Choose RS256 for this client at the identity provider.",
        fatal=True,
    )


def _keys(case: Case) -> Iterator[Finding]:
    issuer = case.token.issuer
    if not issuer.startswith("https://") or is_service_account(case.token):
        return
    private = case.ca_pem is not None
    yield Finding(
        "keys",
        "signed by the provider, as was verified at sign-in" if case.kind == "id_token" else "not verified here",
        in_words(f"{issuer.rstrip('/')}/.well-known/openid-configuration, reachable from the API server"),
        "unknown",
        "The API server itself reads the provider's metadata and keys, and must reach them under this address and "
        "trust their certificate. Its log says `oidc authenticator: initializing plugin` when it does not."
        + (" This provider's certificate is of a private authority." if private else ""),
        "Give the API server the authority's certificate with --oidc-ca-file or in certificateAuthority."
        if private
        else "Try the address from the machine of the API server. If the certificate is of a private authority, give "
        "the API server that with --oidc-ca-file or in certificateAuthority.",
    )
