"""What a provider says about itself, and whether that fits what is set here (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from headlamp.doctor.evidence import Discovered, ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.oidc.client_auth import choose_method
from headlamp.oidc.errors import IssuerMismatch, UnsupportedClientAuth, quoted
from headlamp.oidc.issuer_hints import no_document
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS
from headlamp.oidc.metadata import Metadata, discovery_url

DOCUMENT = Point(
    "provider.metadata",
    "Metadata",
    "Everything else about the provider is read there: where people sign in, with which keys tokens are signed.",
)
ISSUER = Point(
    "provider.issuer",
    "Issuer",
    "Tokens name their issuer, and are refused unless it is the one set here, to the letter; clusters do the same.",
)
ENDPOINTS = Point(
    "provider.endpoints", "Endpoints", "Without the required ones nobody can sign in; the others are for sign-out."
)
FLOW = Point("provider.flow", "Authorization code flow", "It is the only way in which people are signed in here.")
PKCE = Point("provider.pkce", "PKCE", "It keeps a stolen authorization code worthless. S256 is always sent (RFC 7636).")
CLIENT_AUTH = Point(
    "provider.client_auth", "Client authentication", "The provider gives tokens only to a client that proves itself."
)
ALGORITHMS = Point(
    "provider.algorithms",
    "Signing algorithms",
    "ID tokens that are signed with any other algorithm than those set here are refused.",
)
RESPONSE_ISSUER = Point(
    "provider.response_issuer",
    "Issuer in responses",
    "It tells answers of several providers apart beyond doubt (RFC 9207).",
)


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """The document, and each part of it."""
    way = await case.way.get()
    if not way.open:
        yield DOCUMENT.skipped("The provider can't be reached; see above.", subject=case.subject)
        return
    discovered = await case.discovered.get()
    if discovered.metadata is None:
        yield _problem(case, discovered)
        if not isinstance(discovered.problem, IssuerMismatch):
            return
    else:
        yield DOCUMENT.ok(f"Read from {discovery_url(case.config.issuer)}.", subject=case.subject)
        yield ISSUER.ok(f"It calls itself {quoted(discovered.metadata.issuer)}, as set here.", subject=case.subject)
        yield _endpoints(case, discovered.metadata)
        yield _client_auth(case, discovered.metadata)
    # These hold for what there is to read, even where the issuer is another one: one round instead of two.
    document = discovered.document
    for finding in _flow(case, document):
        yield finding
    yield _pkce(case, document)
    yield _algorithms(case, document)
    yield _response_issuer(case, document)


def _problem(case: ProviderCase, discovered: Discovered) -> Finding:
    problem = discovered.problem
    if isinstance(problem, IssuerMismatch):
        return ISSUER.failed(problem.message, problem.slip.remedy(case.knobs.set_issuer), subject=case.subject)
    message = problem.message if problem is not None else "It can't be read."
    if discovered.document:
        return ENDPOINTS.failed(message, problem.remedy if problem is not None else "", subject=case.subject)
    slip = no_document(case.config.issuer, discovered.status)
    said = message if slip.meaning in message else f"{message} {slip.meaning}"
    return DOCUMENT.failed(said, slip.remedy(case.knobs.set_issuer), subject=case.subject)


def _endpoints(case: ProviderCase, metadata: Metadata) -> Finding:
    optional = {
        "userinfo_endpoint": ("UserInfo", metadata.userinfo_endpoint),
        "end_session_endpoint": ("sign-out at the provider", metadata.end_session_endpoint),
        "revocation_endpoint": ("revocation of refresh tokens", metadata.revocation_endpoint),
    }
    missing = [words for words, value in optional.values() if value is None]
    found = "All required ones are there."
    if missing:
        found += f" It has none for: {', '.join(missing)}. Signing in works without."
    return ENDPOINTS.ok(found, subject=case.subject)


def _flow(case: ProviderCase, document: Mapping[str, Any]) -> Iterator[Finding]:
    types, grants = _texts(document, "response_types_supported"), _texts(document, "grant_types_supported")
    if (types is not None and "code" not in types) or (grants is not None and "authorization_code" not in grants):
        offered = ", ".join(types or grants or ())
        remedy = "Turn the authorization code flow on at the provider, for this client."
        yield FLOW.failed(
            f"The provider does not offer it (it offers {quoted(offered)}).", remedy, subject=case.subject
        )
    elif grants is not None and "refresh_token" not in grants:
        remedy = "Turn refresh tokens on at the provider; else people sign in anew whenever an ID token ends."
        yield FLOW.warning("It is offered, but without refresh tokens.", remedy, subject=case.subject)
    else:
        yield FLOW.ok("It is offered.", subject=case.subject)


def _pkce(case: ProviderCase, document: Mapping[str, Any]) -> Finding:
    methods = _texts(document, "code_challenge_methods_supported")
    if methods is None:
        # Entra ID is one of those.
        return PKCE.ok("The provider says nothing about it; S256 is sent all the same.", subject=case.subject)
    if "S256" in methods:
        return PKCE.ok("S256 is offered.", subject=case.subject)
    remedy = "Let the provider accept the PKCE method S256 for this client. There is no setting here to do without."
    offered = quoted(", ".join(methods)) or "nothing"
    return PKCE.warning(
        f"The provider does not offer S256 (it offers {offered}), and may refuse sign-ins.",
        remedy,
        subject=case.subject,
    )


def _client_auth(case: ProviderCase, metadata: Metadata) -> Finding:
    offered = metadata.client_auth_methods
    listed = quoted(", ".join(offered)) if offered else "nothing"
    try:
        method = choose_method(case.config, metadata)
    except UnsupportedClientAuth as problem:
        remedy = (
            "Let the provider accept client_secret_basic, client_secret_post or private_key_jwt for this client; "
            + case.knobs.flag("-oidc-client-auth-method=private_key_jwt needs -oidc-client-key-file=/path/to/key.pem")
            + "."
        )
        return CLIENT_AUTH.failed(problem.message, remedy, subject=case.subject)
    if offered is None or method in offered:
        return CLIENT_AUTH.ok(f"{method} is used, which the provider offers.", subject=case.subject)
    if method == "none":
        # Keycloak and Dex take public clients, and don't list it. What counts is what the token endpoint says.
        found = f"This client is a public one (there is no secret), which the provider does not list ({listed})."
        return CLIENT_AUTH.ok(found, subject=case.subject)
    remedy = case.knobs.flag("Leave -oidc-client-auth-method out, or set it to one of these") + "."
    found = f"{method} is set, but the provider offers {listed}."
    return CLIENT_AUTH.failed(found, remedy, subject=case.subject)


def _algorithms(case: ProviderCase, document: Mapping[str, Any]) -> Finding:
    offered = _texts(document, "id_token_signing_alg_values_supported")
    ours = case.config.signing_algs
    ours_listed = ", ".join(sorted(ours))
    if offered is None:
        # OpenID Connect Discovery 1.0, section 3, demands the list, and RS256 in it.
        return ALGORITHMS.ok(f"The provider does not list them; {ours_listed} is expected.", subject=case.subject)
    common = [name for name in offered if name in ours]
    if common:
        return ALGORITHMS.ok(f"Expected and offered: {', '.join(common)}.", subject=case.subject)
    usable = [name for name in offered if name in SUPPORTED_ALGORITHMS]
    listed = quoted(", ".join(offered)) or "nothing"
    if usable:
        remedy = case.knobs.flag(f"Set -oidc-signing-algs={','.join(usable)}") + (
            f", or let the provider sign this client's ID tokens with {ours_listed}. The clusters' API servers must "
            "allow the same ones (--oidc-signing-algs)."
        )
    else:
        remedy = (
            "Give this client an asymmetric signing key at the provider (at authentik: the provider's Signing Key). "
            "A signature with the client's secret proves nothing to a cluster."
        )
    return ALGORITHMS.failed(f"Expected are {ours_listed}; the provider offers {listed}.", remedy, subject=case.subject)


def _response_issuer(case: ProviderCase, document: Mapping[str, Any]) -> Finding:
    if document.get("authorization_response_iss_parameter_supported") is True:
        return RESPONSE_ISSUER.ok("The provider names itself in its responses.", subject=case.subject)
    return RESPONSE_ISSUER.ok(
        "The provider does not promise to name itself; `state` and PKCE tell sign-ins apart.", subject=case.subject
    )


def _texts(document: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of texts; None where the provider is silent."""
    value = document.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None
