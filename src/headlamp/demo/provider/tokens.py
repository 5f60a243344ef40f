"""The token, UserInfo and revocation endpoints."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import hdrs, web

from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.errors import OAuthError
from headlamp.demo.provider.grants import Family, Grants
from headlamp.demo.provider.keys import SigningKey, id_token_claims, user_claims

_NO_STORE: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store", "Pragma": "no-cache"}


class Tokens:
    """RFC 6749, sections 4.1.3 and 6; OpenID Connect Core 1.0, sections 3.1.3, 5.3 and 12; RFC 7009."""

    def __init__(self, config: ProviderConfig, grants: Grants, key: SigningKey, now: Callable[[], float]) -> None:
        self._config = config
        self._grants = grants
        self._key = key
        self._now = now

    async def token(self, request: web.Request) -> web.Response:
        """Codes and refresh tokens for tokens."""
        try:
            self._authenticate(request)
            form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
            match form.get("grant_type"):
                case "authorization_code":
                    family, nonce = self._grants.redeem_code(
                        form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
                    )
                case "refresh_token":
                    # A refreshed ID token need not have a nonce (section 12.2), and at most providers has none.
                    family, nonce = self._grants.redeem_refresh_token(form.get("refresh_token", "")), ""
                case _:
                    raise OAuthError("unsupported_grant_type", "authorization_code and refresh_token are supported")
            return web.json_response(self._issue(family, nonce), headers=_NO_STORE)
        except OAuthError as error:
            return _error(error)

    async def userinfo(self, request: web.Request) -> web.Response:
        """Claims about the person whom an access token is of."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        family = self._grants.family_of(token) if scheme.lower() == "bearer" else None
        if family is None:
            headers = _NO_STORE | {hdrs.WWW_AUTHENTICATE: 'Bearer error="invalid_token"'}
            return web.json_response({"error": "invalid_token"}, status=401, headers=headers)
        return web.json_response(user_claims(family), headers=_NO_STORE)

    async def revoke(self, request: web.Request) -> web.Response:
        """End a sign-in by one of its tokens."""
        try:
            self._authenticate(request)
        except OAuthError as error:
            return _error(error)
        token = (await request.post()).get("token", "")
        if isinstance(token, str):
            self._grants.revoke(token)
        return web.Response(headers=_NO_STORE)

    def _issue(self, family: Family, nonce: str) -> dict[str, Any]:
        access_token = self._grants.issue_access_token(family)
        claims = id_token_claims(self._config, family, access_token=access_token, now=self._now(), nonce=nonce)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._config.id_token_lifetime,
            "refresh_token": self._grants.issue_refresh_token(family),
            "id_token": self._key.sign(claims),
            "scope": " ".join(family.scopes),
        }

    def _authenticate(self, request: web.Request) -> None:
        """`client_secret_basic`: both parts are form-encoded before they are joined (RFC 6749, section 2.3.1)."""
        client = self._config.client
        scheme, _, encoded = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id, secret = "", ""
        if (
            scheme.lower() != "basic"
            or unquote_plus(client_id) != client.client_id
            or not hmac.compare_digest(unquote_plus(secret).encode(), client.secret.encode())
        ):
            raise OAuthError("invalid_client", "the client's id or secret is wrong", status=401)


def _error(error: OAuthError) -> web.Response:
    headers = dict(_NO_STORE)
    if error.status == 401:
        headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="pyheadlamp demo provider"'
    body = {"error": error.code, "error_description": error.description}
    return web.json_response(body, status=error.status, headers=headers)
