"""How this client proves to a provider's endpoints who it is (OpenID Connect Core 1.0, section 9)."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote_plus

from headlamp.oidc.client_key import read_client_key
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import UnsupportedClientAuth, quoted
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.pkce import unguessable

BASIC = "client_secret_basic"
POST = "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
NONE = "none"

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 60


def choose_method(config: ProviderConfig, metadata: Metadata, *, revocation: bool = False) -> str:
    """The method for this client at this provider: chosen beforehand, since a failed try can cost the code.

    `revocation` is for that endpoint, which may have a list of its own (RFC 8414, section 2). Raises
    `UnsupportedClientAuth` when the provider offers none of ours, or the client has not what its method needs.
    """
    if config.client_auth != "auto":
        return _checked(config.client_auth, config)
    offered = metadata.client_auth_methods
    if revocation and metadata.revocation_auth_methods is not None:
        offered = metadata.revocation_auth_methods
    if config.client_key_pem is not None and (config.client_secret is None or PRIVATE_KEY_JWT in (offered or ())):
        return PRIVATE_KEY_JWT
    if config.client_secret is None:
        return NONE
    if offered is None or BASIC in offered:
        return BASIC  # what silence means: OpenID Connect Discovery 1.0, section 3
    if POST in offered:
        return POST
    raise UnsupportedClientAuth(f"The provider offers {quoted(', '.join(offered)) or 'no method'}.")


def authenticated(
    form: dict[str, str],
    *,
    config: ProviderConfig,
    metadata: Metadata,
    revocation: bool = False,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[dict[str, str], dict[str, str]]:
    """The form and the headers of a request to the token endpoint, or with `revocation` to that one.

    Raises `UnsupportedClientAuth`.
    """
    method = choose_method(config, metadata, revocation=revocation)
    if method == PRIVATE_KEY_JWT:
        assertion = client_assertion(config, metadata, now=now(), random=random)
        named = {"client_id": config.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return {**form, **named}, {}
    return authenticate(method, config, form)


def authenticate(method: str, config: ProviderConfig, form: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers with a secret or with nothing. Raises `UnsupportedClientAuth` for any other method."""
    secret = config.client_secret or ""
    if method == BASIC:
        # RFC 6749, section 2.3.1: both parts are form-urlencoded before they are joined.
        pair = f"{quote_plus(config.client_id)}:{quote_plus(secret)}"
        return form, {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
    if method == POST:
        return {**form, "client_id": config.client_id, "client_secret": secret}, {}
    if method == NONE:
        return {**form, "client_id": config.client_id}, {}
    raise UnsupportedClientAuth(f"The client is configured for {quoted(method, 40)}.")


def client_assertion(config: ProviderConfig, metadata: Metadata, *, now: float, random: Callable[[int], bytes]) -> str:
    """The JWT of `private_key_jwt`, for one request (RFC 7523, section 3).

    Its one audience is the token endpoint, as section 9 advises and Entra ID and Okta want it, or with
    `client_assertion_audience` "issuer" the issuer, as Auth0, Zitadel and FAPI 2.0 want it; a list of both is refused
    by many. It is the same for every endpoint.
    """
    if config.client_key_pem is None:
        raise UnsupportedClientAuth("The client is configured for private_key_jwt, and has no key.")
    try:
        key = read_client_key(config.client_key_pem, key_id=config.client_key_id)
    except ValueError as error:
        raise UnsupportedClientAuth(f"The client's key is {error}.") from None
    algorithm = key.algorithm(metadata.client_auth_algorithms)
    if algorithm is None:
        offered = ", ".join(metadata.client_auth_algorithms or ())
        raise UnsupportedClientAuth(
            f"The provider takes assertions that are signed with {quoted(offered) or 'nothing'}, and the client's key "
            f"can do {', '.join(key.algorithms)}.",
            remedy="Your administrator should make -oidc-client-key-file a key of a kind that the provider takes.",
        )
    claims = {
        "iss": config.client_id,
        "sub": config.client_id,
        "aud": metadata.issuer if config.client_assertion_audience == "issuer" else metadata.token_endpoint,
        "jti": unguessable(random, 16),
        "iat": int(now),
        "exp": int(now) + ASSERTION_LIFETIME_S,
    }
    return key.sign(claims, algorithm)


def _checked(method: str, config: ProviderConfig) -> str:
    if method == PRIVATE_KEY_JWT and config.client_key_pem is None:
        raise UnsupportedClientAuth(
            "The client is configured for private_key_jwt, and has no key.",
            remedy="Your administrator should set -oidc-client-key-file.",
        )
    if method in (BASIC, POST) and not config.client_secret:
        raise UnsupportedClientAuth(
            f"The client is configured for {method}, and has no secret.",
            remedy="Your administrator should set -oidc-client-secret-file, or -oidc-client-auth-method=none.",
        )
    return method
