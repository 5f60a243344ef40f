"""An OpenID provider on loopback that is correct by default, and misbehaves in the ways that a test names.

It approves every authorization request at once, for the person in `provider.user` (or in `login_hint`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode

from aiohttp import web
from tests.adversarial.signing import SigningKey, at_hash, b64, rsa_key, sign

MISSING: Final = object()
"""As a value in a deviation: leave this member out."""

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "alice": {
        "name": "Alice Example",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": True,
        "groups": ["developers", "cluster-admins"],
    },
    "bob": {
        "name": "Bob Example",
        "preferred_username": "bob",
        "email": "bob@example.com",
        "email_verified": True,
        "groups": ["viewers"],
    },
}


@dataclass(kw_only=True)
class Deviations:
    """What the provider does wrong. Mappings of members replace or, with `MISSING`, remove what would be right.

    Endpoints are named "discovery", "jwks", "authorize", "token", "userinfo".
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    id_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of ID tokens, at sign-in and at refresh."""
    refreshed_id_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of refreshed ID tokens only."""
    missing: tuple[str, ...] = ()
    """Claims that ID tokens lack."""
    alg: str | None = None
    """An `alg` as `signing.sign` knows them, instead of the provider's own."""
    header: Mapping[str, Any] = field(default_factory=dict)
    """Members of the ID token's header; a value of None removes one."""
    sign_with: SigningKey | None = None
    """A key to sign with instead of the published one."""
    raw_id_token: str | None = None
    jwks_extra: tuple[Any, ...] = ()
    """Members of the key set in front of the good ones."""
    token_response: Mapping[str, Any] = field(default_factory=dict)
    refresh_response: Mapping[str, Any] = field(default_factory=dict)
    authorization_response: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    """Endpoints that answer with this status and JSON object, and do nothing."""
    body: Mapping[str, bytes] = field(default_factory=dict)
    """Endpoints that answer 200 with these bytes."""
    redirect: Mapping[str, str] = field(default_factory=dict)
    """Endpoints that redirect there."""
    slow: Mapping[str, float] = field(default_factory=dict)
    """Seconds that an endpoint waits before it does anything."""
    drip: Mapping[str, float] = field(default_factory=dict)
    """Endpoints that send a byte at a time with as many seconds between, without end."""
    reset: tuple[str, ...] = ()
    """Endpoints that close the connection without an answer."""


@dataclass(frozen=True)
class Seen:
    """One request that the provider got."""

    endpoint: str
    method: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Grant:
    sub: str
    nonce: str | None
    auth_time: int
    sid: str
    redirect_uri: str = ""
    challenge: str = ""


class MisbehavingProvider:
    """The provider. Every attribute may be changed while it runs.

    `now` is its clock, `id_token_ttl` in seconds. `client_secret` None makes the client a public one. `keys` are
    published, and the first of them signs. `rotate_refresh` spends a refresh token with each use, as the security
    guidance asks for. `seen` holds every request in order; `calls("token")` counts those of an endpoint.
    """

    def __init__(
        self,
        *,
        client_id: str = "headlamp",
        client_secret: str | None = "client-secret-for-tests",
        deviations: Deviations | None = None,
        now: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
        host: str = "localhost",
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.deviations = deviations or Deviations()
        self.now = now
        self.user = "alice"
        self.people: dict[str, dict[str, Any]] = {name: dict(claims) for name, claims in PEOPLE.items()}
        self.keys: list[SigningKey] = [rsa_key()]
        self.alg = "RS256"
        self.id_token_ttl = 300.0
        self.rotate_refresh = True
        self.refreshed_nonce = True
        self.seen: list[Seen] = []
        self.refresh_calls = 0
        self.issuer = ""
        self._tls = tls
        self._host = host
        self._runner: web.AppRunner | None = None
        self._codes: dict[str, _Grant] = {}
        self._refresh_tokens: dict[str, _Grant] = {}
        self._access_tokens: dict[str, str] = {}

    async def start(self, port: int = 0) -> None:
        """Listen on a free port (or on `port`) of the loopback interface."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._endpoint("discovery", self._discovery))
        app.router.add_get("/jwks", self._endpoint("jwks", self._jwks))
        app.router.add_get("/authorize", self._endpoint("authorize", self._authorize))
        app.router.add_post("/token", self._endpoint("token", self._token))
        app.router.add_get("/userinfo", self._endpoint("userinfo", self._userinfo))
        # Large bearers arrive here in one header line.
        self._runner = web.AppRunner(app, max_field_size=2_000_000, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self._tls)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.issuer = f"{'https' if self._tls else 'http'}://{self._host}:{bound}"

    async def stop(self) -> None:
        """Stop listening; the state stays, so that `start(port)` brings the same provider back."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def calls(self, endpoint: str) -> int:
        """How many requests an endpoint got."""
        return sum(1 for request in self.seen if request.endpoint == endpoint)

    @property
    def token_calls(self) -> int:
        """How many requests the token endpoint got, refreshes included."""
        return self.calls("token")

    def revoke_refresh_tokens(self) -> None:
        """From now on every refresh token is unknown."""
        self._refresh_tokens.clear()

    def _endpoint(
        self, name: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            form = dict(parse_qsl((await request.read()).decode())) if request.method == "POST" else {}
            self.seen.append(Seen(name, request.method, dict(request.query), form, dict(request.headers)))
            deviations = self.deviations
            if name in deviations.slow:
                await asyncio.sleep(deviations.slow[name])
            if name in deviations.reset and request.transport is not None:
                request.transport.close()
                return web.Response()
            if name in deviations.drip:
                return await _drip(request, deviations.drip[name])
            if name in deviations.redirect:
                raise web.HTTPTemporaryRedirect(deviations.redirect[name])
            if name in deviations.status:
                status, body = deviations.status[name]
                return web.json_response(body, status=status)
            if name in deviations.body:
                return web.Response(body=deviations.body[name], content_type="application/json")
            return await handler(request)

        return handle

    async def _discovery(self, _: web.Request) -> web.StreamResponse:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.alg],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return web.json_response(_changed(document, self.deviations.metadata))

    async def _jwks(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [*self.deviations.jwks_extra, *(key.jwk() for key in self.keys)]})

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("client_id") != self.client_id or not query.get("redirect_uri"):
            return web.Response(status=400, text="unknown client or no redirect_uri")
        answer: dict[str, Any] = {"state": query.get("state", ""), "iss": self.issuer}
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            answer["error"] = "invalid_request"
        elif query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            answer |= {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
        else:
            hint = query.get("login_hint", "")
            answer["code"] = secrets.token_urlsafe(24)
            self._codes[answer["code"]] = _Grant(
                sub=hint if hint in self.people else self.user,
                nonce=query.get("nonce"),
                auth_time=int(self.now()),
                sid=secrets.token_hex(8),
                redirect_uri=query["redirect_uri"],
                challenge=query["code_challenge"],
            )
        changed = _changed(answer, self.deviations.authorization_response)
        joint = "&" if "?" in query["redirect_uri"] else "?"
        raise web.HTTPFound(query["redirect_uri"] + joint + urlencode(changed))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form: Mapping[str, str] = dict(parse_qsl(await request.text()))
        if not self._client_is_right(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") == "authorization_code":
            grant = self._codes.pop(form.get("code", ""), None)
            proof = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if grant is None or grant.redirect_uri != form.get("redirect_uri") or grant.challenge != proof:
                return web.json_response({"error": "invalid_grant"}, status=400)
            return web.json_response(_changed(self._tokens(grant), self.deviations.token_response))
        if form.get("grant_type") == "refresh_token":
            self.refresh_calls += 1
            presented = form.get("refresh_token", "")
            grant = self._refresh_tokens.get(presented)
            if grant is None:
                return web.json_response({"error": "invalid_grant"}, status=400)
            if self.rotate_refresh:
                del self._refresh_tokens[presented]
            answer = self._tokens(grant, refresh_token=None if self.rotate_refresh else presented)
            return web.json_response(_changed(answer, self.deviations.refresh_response))
        return web.json_response({"error": "unsupported_grant_type"}, status=400)

    def _client_is_right(self, request: web.Request, form: Mapping[str, str]) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == self.client_id and "client_secret" not in form
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                name, _, secret = base64.b64decode(value).decode().partition(":")
            except ValueError:
                return False
            return (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)

    def _tokens(self, grant: _Grant, *, refresh_token: str | None = None) -> dict[str, Any]:
        refreshed = not grant.challenge
        access_token = secrets.token_urlsafe(32)
        self._access_tokens[access_token] = grant.sub
        next_token = refresh_token or secrets.token_urlsafe(32)
        self._refresh_tokens[next_token] = _Grant(grant.sub, grant.nonce, grant.auth_time, grant.sid)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(self.id_token_ttl),
            "refresh_token": next_token,
            "id_token": self._id_token(grant, access_token, refreshed=refreshed),
        }

    def _id_token(self, grant: _Grant, access_token: str, *, refreshed: bool) -> str:
        deviations = self.deviations
        if deviations.raw_id_token is not None:
            return deviations.raw_id_token
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.sub,
            "aud": self.client_id,
            "exp": int(self.now() + self.id_token_ttl),
            "iat": int(self.now()),
            "auth_time": grant.auth_time,
            "sid": grant.sid,
            "at_hash": at_hash(access_token, self.alg),
            **self.people[grant.sub],
        }
        if grant.nonce is not None and (self.refreshed_nonce or not refreshed):
            claims["nonce"] = grant.nonce
        claims = _changed(claims, deviations.id_token)
        if refreshed:
            claims = _changed(claims, deviations.refreshed_id_token)
        claims = {name: value for name, value in claims.items() if name not in deviations.missing}
        key = deviations.sign_with or self.keys[0]
        return sign(claims, key, deviations.alg or self.alg, deviations.header)

    async def _userinfo(self, request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        sub = self._access_tokens.get(token)
        if scheme != "Bearer" or sub is None:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response(_changed({"sub": sub, **self.people[sub]}, self.deviations.userinfo))


def _changed(right: dict[str, Any], wrong: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **wrong}.items() if value is not MISSING}


async def _drip(request: web.Request, seconds: float) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b" ")
            await asyncio.sleep(seconds)
    except ConnectionError:
        return response


def key_set_bytes(*members: Any) -> bytes:
    """A key set as bytes, for `Deviations.body`."""
    return json.dumps({"keys": list(members)}).encode()
