"""An OpenID provider on loopback that is correct by default, and misbehaves in the ways that a test names.

It approves every authorization request at once, for the person in `provider.user` (or in `login_hint`). What it checks
it checks for real: the client's authentication, PKCE, codes and refresh tokens that come twice, redirect URIs.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web
from tests.adversarial.deviations import MISSING, Deviations, changed, key_set_bytes
from tests.adversarial.faults import fault_of
from tests.adversarial.grants import Grant
from tests.adversarial.habits import Habits
from tests.adversarial.issuing import Issuing
from tests.adversarial.logging_out import LogoutAnswer, LogoutSide
from tests.adversarial.signing import SigningKey, b64, sign

__all__ = ["MISSING", "Deviations", "Habits", "MisbehavingProvider", "Seen", "key_set_bytes"]

# Large bearers arrive in one header line, and large hints in one form.
LARGEST_FIELD = 2_000_000
LARGEST_BODY = 8_000_000


@dataclass(frozen=True)
class Seen:
    """One request that the provider got."""

    endpoint: str
    method: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


class MisbehavingProvider(Issuing):
    """The provider, with the attributes of `Issuing` and its own.

    `rotate_refresh` spends a refresh token with each use, as the security guidance asks for. `redirect_uris` and
    `post_logout_redirect_uris` are the registered ones, None for any. `auth_time` says when the person last proved
    themselves, None for "at this sign-in"; `signed_in` whether the provider knows them without asking. `seen` holds
    every request in order; `calls("token")` counts those of an endpoint.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "localhost", **issuing: Any) -> None:
        """`issuing` are the arguments of `Issuing`; `host` is the issuer's, and `tls` makes it https."""
        super().__init__(**issuing)
        self.rotate_refresh = True
        self.signed_in = True
        self.auth_time: float | None = None
        self.redirect_uris: set[str] | None = None
        self.post_logout_redirect_uris: set[str] | None = None
        self.backchannel_logout_uri = ""
        self.logout_answers: list[LogoutAnswer] = []
        self.seen: list[Seen] = []
        self.refresh_calls = 0
        self.origin = ""
        self._logout = LogoutSide(self)
        self._tls = tls
        self._host = host
        self._runner: web.AppRunner | None = None

    # What a test does with it

    async def start(self, port: int = 0, *, address: str = "127.0.0.1") -> None:
        """Listen on a free port (or on `port`) of the loopback interface."""
        app = web.Application(client_max_size=LARGEST_BODY)
        self.add_routes(app)
        self._runner = web.AppRunner(app, max_field_size=LARGEST_FIELD, max_line_size=65_536, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, address, port, ssl_context=self._tls)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.origin = f"{'https' if self._tls else 'http'}://{self._host}:{bound}"
        self.issuer = self.origin + self.habits.issuer_path

    async def stop(self) -> None:
        """Stop listening; the state stays, so that `start(port)` brings the same provider back."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def calls(self, endpoint: str) -> int:
        """How many requests an endpoint got."""
        return sum(1 for request in self.seen if request.endpoint == endpoint)

    def last(self, endpoint: str) -> Seen:
        """The last request that an endpoint got."""
        return next(request for request in reversed(self.seen) if request.endpoint == endpoint)

    @property
    def token_calls(self) -> int:
        """How many requests the token endpoint got, refreshes included."""
        return self.calls("token")

    @property
    def port(self) -> int:
        return urlsplit(self.issuer).port or 0

    def revoke_refresh_tokens(self) -> None:
        """From now on every refresh token is unknown."""
        self.grants.forget_refresh_tokens()

    def logout_token(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        alg: str | None = None,
        sign_with: SigningKey | None = None,
        **claims: Any,
    ) -> str:
        """A logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4) for the last sign-in.

        `claims` replace what would be right or, as `MISSING`, remove it; `alg` is as `signing.sign` knows it.
        """
        chosen = alg or self.deviations.logout_token_alg or self.alg
        return self._logout.token(header or {}, chosen, sign_with or self.keys[0], claims)

    async def send_logout_token(self, token: str, *, uri: str = "", **fields: str) -> LogoutAnswer:
        """POST `token` to `uri`, or to `backchannel_logout_uri`; the answer, which is in `logout_answers` too."""
        return await self._logout.send(token, uri or self.backchannel_logout_uri, fields)

    # What another kind of provider does differently

    def add_routes(self, app: web.Application) -> None:
        """Register the endpoints, below the issuer's path."""
        base = self.habits.issuer_path.rstrip("/")
        app.router.add_get(f"{base}/.well-known/openid-configuration", self.endpoint("discovery", self._discovery))
        app.router.add_get(f"{base}/jwks", self.endpoint("jwks", self._jwks))
        for name, handler in {
            "authorize": self._authorize,
            "token": self._token,
            "userinfo": self._userinfo,
            "end_session": self._logout.end_session,
            "revocation": self._revocation,
        }.items():
            wrapped = self.endpoint(name, handler)
            if name not in ("token", "revocation"):
                app.router.add_get(f"{base}/{name}", wrapped)
            if name != "authorize":
                app.router.add_post(f"{base}/{name}", wrapped)

    def address(self, endpoint: str) -> str:
        """Where an endpoint is."""
        return f"{self.issuer.rstrip('/')}/{endpoint}"

    def discovery_document(self) -> dict[str, Any]:
        """What the provider says about itself, before `deviations`."""
        habits = self.habits
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": self.address("authorize"),
            "token_endpoint": self.address("token"),
            "jwks_uri": self.address("jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.alg],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "name", "email", "groups"],
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }
        document |= {f"{name}_endpoint": self.address(name) for name in habits.endpoints}
        if habits.auth_methods is not None:
            document["token_endpoint_auth_methods_supported"] = list(habits.auth_methods)
        if habits.names_issuer_in_response:
            document["authorization_response_iss_parameter_supported"] = True
        if habits.scopes is not None:
            document["scopes_supported"] = list(habits.scopes)
        return changed(document, habits.metadata)

    def published_keys(self) -> list[dict[str, Any]]:
        """The members of the key set."""
        return [key.jwk() for key in self.keys]

    def refusal(self, status: int, error: str, description: str = "") -> web.Response:
        """An error of the token endpoint (RFC 6749, section 5.2)."""
        body = {"error": error, **({"error_description": description} if description else {})}
        return web.json_response(body, status=status)

    def refused_scope(self, scopes: frozenset[str]) -> tuple[str, str] | None:
        """Error and description for scopes that the client can't have; None when it can, or gets them left out."""
        known = self.habits.scopes
        if known is None or not self.habits.refuses_unknown_scopes or scopes <= set(known):
            return None
        return "invalid_scope", f"Unknown scopes: {' '.join(sorted(scopes - set(known)))}"

    # The endpoints

    def endpoint(
        self, name: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """`handler`, with a record of each request, and with what `deviations` say about every endpoint."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.seen.append(
                Seen(name, request.method, dict(request.query), await form_of(request), dict(request.headers))
            )
            fault = await fault_of(request, name, self.deviations)
            return await handler(request) if fault is None else fault

        return handle

    def client_is_right(self, request: web.Request, form: Mapping[str, str]) -> bool:
        """Whether the request proves to come from the client."""
        self.client.method = self.habits.client_auth
        return self.client.proves_itself(
            request.headers.get("Authorization", ""),
            form,
            audiences={self.issuer, self.address("token")},
            now=self.now,
        )

    async def _discovery(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(changed(self.discovery_document(), self.deviations.metadata))

    async def _jwks(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [*self.deviations.jwks_extra, *self.published_keys()]})

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        redirect_uri = query.get("redirect_uri", "")
        registered = self.redirect_uris is None or redirect_uri in self.redirect_uris
        if query.get("client_id") != self.client_id or not redirect_uri or not registered:
            # Never a redirect then: it would go to whoever made up the address (RFC 6749, section 4.1.2.1).
            return web.Response(status=400, text="unknown client or redirect_uri")
        answer: dict[str, Any] = {"state": query.get("state", "")}
        if self.habits.names_issuer_in_response:
            answer["iss"] = self.issuer
        answer |= self._agree(query)
        answer = changed(answer, self.deviations.authorization_response)
        raise web.HTTPFound(redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(answer))

    def _agree(self, query: Mapping[str, str]) -> dict[str, str]:
        scopes = frozenset(query.get("scope", "").split())
        prompts = set(query.get("prompt", "").split())
        if query.get("response_type") != "code" or "openid" not in scopes:
            return {"error": "invalid_request"}
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            return {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
        if (refused := self.refused_scope(scopes)) is not None:
            return {"error": refused[0], "error_description": refused[1]}
        if "none" in prompts and self.habits.honours_prompt_none and not self.signed_in:
            return {"error": "login_required"}
        hint, known = query.get("login_hint", ""), self.habits.scopes
        asked = query.get("acr_values", "").split()
        grant = Grant(
            sub=hint if hint in self.people else self.user,
            sid=secrets.token_hex(8),
            nonce=query.get("nonce"),
            auth_time=self._auth_time(prompts, query.get("max_age")),
            scopes=scopes if known is None else scopes & set(known),
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            acr=self.acr or (asked[0] if asked else ""),
            offline=self._is_offline(query, scopes),
        )
        return {"code": self.grants.code_for(grant)}

    def _is_offline(self, query: Mapping[str, str], scopes: frozenset[str]) -> bool:
        scope, parameter = self.habits.offline_scope, self.habits.offline_parameter
        if parameter is not None and query.get(parameter[0]) != parameter[1]:
            return False
        return not scope or scope in scopes

    def _auth_time(self, prompts: set[str], max_age: str | None) -> int:
        """When the person proved themselves; they do it again where that was too long ago, or it is asked for."""
        proved = self.now() if self.auth_time is None else self.auth_time
        if "login" in prompts or (max_age is not None and self.now() - proved > int(max_age)):
            proved = self.now()
        return int(proved)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        if not self.client_is_right(request, form):
            return self.refusal(*self.habits.refuses_client_with)
        if form.get("grant_type") == "authorization_code":
            return self._tokens_for_code(form)
        if form.get("grant_type") == "refresh_token":
            return self._tokens_for_refresh_token(form)
        return self.refusal(400, "unsupported_grant_type")

    def _tokens_for_code(self, form: Mapping[str, str]) -> web.Response:
        grant = self.grants.redeem(form.get("code", ""))
        if grant is None or grant.redirect_uri != form.get("redirect_uri"):
            return self.refusal(400, "invalid_grant")
        # RFC 7636, section 4.6
        proof = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant.challenge != proof and not self.deviations.ignores_pkce:
            return self.refusal(400, "invalid_grant", "code_verifier")
        answer = self.tokens(grant, refreshed=False)
        if grant.offline:
            alone = self.habits.one_refresh_token_per_person
            answer["refresh_token"] = self.grants.new_refresh_token(grant, alone=alone)
        return web.json_response(changed(answer, self.deviations.token_response))

    def _tokens_for_refresh_token(self, form: Mapping[str, str]) -> web.Response:
        self.refresh_calls += 1
        grant = self.grants.of_refresh_token(
            form.get("refresh_token", ""),
            reuse_revokes_all=self.habits.reuse_revokes_all,
            old_ones_stay=self.habits.old_refresh_tokens_stay,
        )
        if grant is None:
            return self.refusal(400, self.habits.refuses_refresh_with)
        answer = self.tokens(grant, refreshed=True)
        if self.rotate_refresh:
            answer["refresh_token"] = self.grants.new_refresh_token(grant, alone=False)
        elif self.habits.repeats_refresh_token:
            answer["refresh_token"] = grant.refresh_token
        if not self.habits.refreshed_id_token:
            del answer["id_token"]
        return web.json_response(changed(answer, self.deviations.refresh_response))

    async def _userinfo(self, request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme and request.method == "POST":
            # RFC 6750, section 2.2
            scheme, token = "Bearer", (await form_of(request)).get("access_token", "")
        grant = self.grants.of_access_token(token)
        if scheme != "Bearer" or grant is None:
            return web.json_response({"error": "invalid_token"}, status=401)
        deviations = self.deviations
        claims = changed({"sub": self.subject_of(grant.sub), **self.claims_about(grant)}, deviations.userinfo)
        if not self.habits.signed_userinfo:
            return web.json_response(claims)
        signed = changed({"iss": self.issuer, "aud": self.client_id, **claims}, deviations.userinfo)
        key = deviations.userinfo_sign_with or self.keys[0]
        text = sign(signed, key, deviations.userinfo_alg or self.alg, deviations.userinfo_header)
        return web.Response(text=text, content_type="application/jwt")

    async def _revocation(self, request: web.Request) -> web.StreamResponse:
        """RFC 7009: 200 for unknown tokens too."""
        form = await form_of(request)
        if not self.client_is_right(request, form):
            return self.refusal(*self.habits.refuses_client_with)
        self.grants.revoke(form.get("token", ""))
        return web.Response()


async def form_of(request: web.Request) -> dict[str, str]:
    """The form of a POST."""
    if request.method != "POST":
        return {}
    return dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
