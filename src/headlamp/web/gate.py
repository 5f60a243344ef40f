"""The gate: one middleware that every request passes, HTTP and WebSocket, before any handler runs.

It decides by the matched route's policy (`web.policy`) and by nothing else: no path patterns, no user agents.
Fetch Metadata (W3C) and the Origin header tell another site's request from our own page's.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from headlamp.sessions.cookie import SessionCookie
from headlamp.sessions.manager import ActiveSession
from headlamp.web.errors import (
    BadRequestHead,
    ForeignRequest,
    FormBody,
    MethodOverride,
    MethodRefused,
    OriginRequired,
    RouteWithoutPolicy,
    SignInRequired,
)
from headlamp.web.headers import secure
from headlamp.web.origin import ExternalOrigin, Origins, Peer
from headlamp.web.policy import Handler, Policy, RoutePolicies

SESSION = web.RequestKey("session", ActiveSession)
"""The session of the request; absent when nobody is signed in."""
ORIGIN = web.RequestKey("origin", ExternalOrigin)
"""The address that the browser sees."""
STYLE_NONCE = web.RequestKey("style_nonce", str)
"""The nonce that inline style of this answer must have."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# What a form can send, and so any page of any site, without asking first (Fetch, CORS-safelisted request-header).
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
# The headers that decide something here must not be open to two readings.
SINGLE_HEADERS = ("Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Content-Type")
# A page in a frame of another site's page is not a navigation that a person sees.
EMBEDDED = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
NONCE_BYTES = 18


class SessionResolver(Protocol):
    """The part of `Sessions` that the gate needs."""

    async def resolve(self, cookie_value: str | None) -> ActiveSession | None: ...


class Gate:
    """Refuses what should not get in, and says who asks.

    `local_user` is the laptop case: no provider, loopback only, and whoever is at the machine may use its kubeconfig.
    `install` it below the middleware that turns problems into answers.
    """

    def __init__(
        self,
        *,
        sessions: SessionResolver,
        cookie: SessionCookie,
        origins: Origins,
        policies: RoutePolicies,
        local_user: bool = False,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._sessions = sessions
        self._cookie = cookie
        self._origins = origins
        self._policies = policies
        self._local_user = local_user
        self._random = random

    def install(self, app: web.Application) -> None:
        """Put the gate before the handlers of `app`, and its headers on all answers."""

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            await self.admit(request)
            return await handler(request)

        app.middlewares.append(gate)
        # Not in the middleware: streams and upgrades have sent their headers before they come back to it.
        app.on_response_prepare.append(self.add_headers)

    async def admit(self, request: web.Request) -> None:
        """Check a request, and put `ORIGIN`, `STYLE_NONCE` and `SESSION` on it. Raises a `Problem` to refuse it."""
        policy = self._policies.of(request.match_info)
        if policy is not Policy.CLUSTER:
            # What comes from a cluster is never a page of ours, nor are our own refusals there.
            request[STYLE_NONCE] = base64.b64encode(self._random(NONCE_BYTES)).decode()
        peer = peer_of(request)
        _check_head(request)
        if policy is Policy.PROBE:
            return
        origin = request[ORIGIN] = self._origins.of(request.headers, peer)
        self._origins.check_host(request.headers, peer)
        if policy is None:
            self._check_api(request, origin)
            if request.match_info.http_exception is not None:
                raise request.match_info.http_exception
            raise RouteWithoutPolicy("Nobody has said who may call this address.")
        if policy is Policy.BACKCHANNEL:
            return
        if policy.is_page:
            self._check_page(request, origin, policy)
        else:
            self._check_api(request, origin)
        session = await self._session(request, origin)
        if session is None and (policy is Policy.SESSION_API or (policy is Policy.CLUSTER and not self._local_user)):
            raise SignInRequired("You are not signed in.")

    async def add_headers(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """The security headers of `response`, which is about to be sent."""
        if not isinstance(request, web.Request):
            return
        policy = self._policies.of(request.match_info)
        origin = request.get(ORIGIN)
        # What comes from a cluster has no page's policy, whatever its type.
        content_type = "" if policy is Policy.CLUSTER else response.content_type
        nonce = request.get(STYLE_NONCE, "") if content_type else ""
        https = origin is not None and origin.secure
        secure(response.headers, policy=policy, content_type=content_type, nonce=nonce, https=https)

    async def _session(self, request: web.Request, origin: ExternalOrigin) -> ActiveSession | None:
        if not self._cookie.allowed(secure=origin.secure, host=origin.host):
            return None
        value = self._cookie.find(request.headers.getall("Cookie", []), secure=origin.secure, port=origin.port)
        session = await self._sessions.resolve(value)
        if session is not None:
            request[SESSION] = session
        return session

    def _check_page(self, request: web.Request, origin: ExternalOrigin, policy: Policy) -> None:
        """People come to a page from anywhere, by a navigation; nothing but our own page loads it otherwise."""
        if request.method not in SAFE_METHODS and policy is not Policy.INITIATE:
            self._check_api(request, origin)
            return
        if _is_foreign(request):
            headers = request.headers
            if headers.get("Sec-Fetch-Mode") != "navigate" or headers.get("Sec-Fetch-Dest") in EMBEDDED:
                raise ForeignRequest("Another site's page tried to load this page as a part of its own.")

    def _check_api(self, request: web.Request, origin: ExternalOrigin) -> None:
        """Only our own page calls an API, or a program that is no browser (no Fetch Metadata, no Origin)."""
        headers = request.headers
        for name in OVERRIDES:
            if name in headers:
                raise MethodOverride("The request asks to be taken for another method than it is.")
        if _is_foreign(request):
            raise ForeignRequest("Another site's page made this request.")
        claimed = headers.get("Origin")
        if claimed is None and is_upgrade(request):
            raise OriginRequired("The upgrade does not say which page it is for.")
        if claimed is not None and not self._origins.is_ours(claimed, origin):
            raise ForeignRequest(f"The request is for {origin}, and comes from a page of another origin.")
        if request.method not in SAFE_METHODS and _media_type(request) in FORM_TYPES:
            raise FormBody(f"A body of type {_media_type(request)} is not accepted here.")


def is_upgrade(request: web.Request) -> bool:
    """Whether the request asks for another protocol; whichever it is, it is judged like a WebSocket."""
    return "Upgrade" in request.headers


def peer_of(request: web.Request) -> Peer:
    """Who is at the other end of the connection."""
    transport = request.transport
    if transport is None:
        # Gone already. Nobody's word counts that can't be asked.
        return Peer("")
    name = transport.get_extra_info("peername")
    return Peer(str(name[0]) if isinstance(name, tuple) else None, transport.get_extra_info("sslcontext") is not None)


def _check_head(request: web.Request) -> None:
    """Refuse a head that two readers could understand differently."""
    if request.method not in METHODS:
        raise MethodRefused("This method does not exist here.")
    # An absolute-form target (RFC 9112, section 3.2.2) names a second host; a fragment is no part of any target.
    if not request.raw_path.startswith("/") or "#" in request.raw_path:
        raise BadRequestHead("The request target must be a path, with or without a query.")
    getall = request.headers.getall
    for name in SINGLE_HEADERS:
        if len(getall(name, ())) > 1:
            raise BadRequestHead(f"The header {name} comes more than once.")


def _is_foreign(request: web.Request) -> bool:
    """Whether the browser says that another origin's page, be it of the same site, made the request."""
    return request.headers.get("Sec-Fetch-Site", "none").strip().lower() not in ("same-origin", "none")


def _media_type(request: web.Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
