"""The demo's OpenID provider, put together."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from headlamp.demo.provider import pages
from headlamp.demo.provider.authorization import SCOPES, Authorization
from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.grants import Grants
from headlamp.demo.provider.keys import ALGORITHM, SigningKey
from headlamp.demo.provider.logout import Logout
from headlamp.demo.provider.tokens import Tokens

_LARGEST_FORM = 256 * 1024


def metadata(config: ProviderConfig) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, section 3."""
    return {
        "issuer": config.issuer,
        "authorization_endpoint": f"{config.issuer}/authorize",
        "token_endpoint": f"{config.issuer}/token",
        "userinfo_endpoint": f"{config.issuer}/userinfo",
        "jwks_uri": f"{config.issuer}/keys",
        "end_session_endpoint": f"{config.issuer}/end-session",
        "revocation_endpoint": f"{config.issuer}/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["sub", "name", "given_name", "preferred_username", "email", "email_verified", "groups"],
    }


def provider_application(config: ProviderConfig, key: SigningKey, *, now: Callable[[], float]) -> web.Application:
    """The application to be served at `config.issuer`."""
    grants = Grants(
        code_lifetime=config.code_lifetime,
        refresh_token_lifetime=config.refresh_token_lifetime,
        access_lifetime=config.id_token_lifetime,
        now=now,
    )
    authorization = Authorization(config, grants, now)
    tokens = Tokens(config, grants, key, now)
    logout = Logout(config)

    async def discovery(_: web.Request) -> web.Response:
        return web.json_response(metadata(config))

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(key.jwks())

    async def home(_: web.Request) -> web.Response:
        return pages.home(config)

    application = web.Application(client_max_size=_LARGEST_FORM)
    application.add_routes(
        [
            web.get("/", home),
            web.get("/.well-known/openid-configuration", discovery),
            web.get("/keys", keys),
            web.get("/signin.css", pages.stylesheet),
            web.get("/authorize", authorization.ask),
            web.post("/authorize", authorization.ask),
            web.post("/authorize/choice", authorization.answer),
            web.post("/token", tokens.token),
            web.get("/userinfo", tokens.userinfo),
            web.post("/userinfo", tokens.userinfo),
            web.post("/revoke", tokens.revoke),
            web.get("/end-session", logout.end_session),
            web.post("/end-session", logout.end_session),
        ]
    )
    return application
