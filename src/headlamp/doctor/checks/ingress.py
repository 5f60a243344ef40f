"""What happens to a request between people's browsers and this server: asked at the public URL, from here.

With a ticket of this installation the server tells how the request has arrived (`tickets.py`). It is asked for a plain
answer, with as many cookies as ours can have, with as many as an nginx lets through, for a large answer, and for a
WebSocket.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from headlamp.doctor.asking import NoReply, Reply, ask, upgrade
from headlamp.doctor.certificates import Distrust
from headlamp.doctor.evidence import Case
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.judging import Advice, Road, Tolerance, travel
from headlamp.doctor.reaching import Place
from headlamp.doctor.tickets import HEADER, PADDING, PATH, SeenRequest
from headlamp.settings.addresses import is_loopback

ROAD = Road("ingress", "this server")
SERVER = Point(
    "ingress.server", "Same server", "What people open must lead to this installation, under the path of -base-url."
)
FORWARDED = Point(
    "ingress.forwarded",
    "Forwarded headers",
    "From them the server knows that people use https, and under which name: callback URL and cookies depend on it.",
)
WEBSOCKET = Point("ingress.websocket", "WebSocket", "Live rows, logs and terminals go over it.")
COOKIES = Point(
    "ingress.cookies",
    "Room for cookies",
    "All cookies of a request share one line. Ours are small, but during several sign-ins at once there are a few.",
)
ANSWERS = Point(
    "ingress.answers", "Room in answers", "The redirect to the provider has the largest head of all our answers."
)

OUR_COOKIES = 3200
"""Bytes of all cookies that we ever set, with five sign-ins under way."""
OUR_HEAD = 3000
"""Bytes of the largest head of an answer of ours. What every answer has is part of it, the rest is padding."""
_EVERY_HEAD = 500
USUAL_LIMIT = 8000
"""Just below what nginx takes in one line with its default buffers."""

_NGINX_UPGRADE = (
    "At nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "
    "$connection_upgrade;`. At others, allow WebSockets for this host."
)


@dataclass(frozen=True, slots=True)
class _Door:
    """How the server is reached: its address, the TLS context, and a header that makes it tell what it sees."""

    address: str
    context: ssl.SSLContext
    headers: dict[str, str]

    def url(self, query: str = "") -> str:
        return f"{self.address}{PATH}{query}"


async def check(case: Case) -> AsyncIterator[Finding]:
    """The way to the public URL, then what comes through."""
    address = case.examined.address
    if not address:
        remedy = "Set -public-url=https://HOST to the address that people open."
        yield SERVER.skipped("Where people open it is not known here.", remedy)
        return
    context = ssl.create_default_context()
    way = await travel(
        ROAD,
        Place.of(address),
        subject=address,
        context=context,
        advice=Advice(
            address="The address is set by -public-url.",
            authority="Browsers must know its authority; so must this machine, if it is to be checked from here: "
            "SSL_CERT_FILE=/path/to/ca.pem in the environment of `headlamp doctor`.",
        ),
        tools=case.tools,
        tolerance=Tolerance(
            frozenset({Distrust.SELF_SIGNED, Distrust.UNKNOWN_AUTHORITY}),
            "Whether browsers trust it can't be seen from here.",
            goes_on=True,
        ),
    )
    if not way.open and not case.settings.public_url:
        yield SERVER.skipped(
            "The server does not run here at the moment.", "Start it, and check again.", subject=address
        )
        return
    for finding in way.findings:
        yield finding
    if not way.open:
        return
    if way.handshake is not None and way.handshake.distrust is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    door = _Door(address, context, {HEADER: case.examined.tickets.issue()} if case.examined.tickets else {})
    reply = await ask(door.url(), context=context, tools=case.tools, headers=door.headers)
    seen = _seen(reply)
    if seen is None or isinstance(reply, NoReply):
        yield _not_seen(case, address, reply)
        return
    yield SERVER.ok("This installation answers.", subject=address)
    yield _forwarded(case, address, seen)
    yield await _websocket(case, door)
    yield await _cookies(case, door)
    yield await _answers(case, door)


def origin_of(address: str) -> str:
    """The origin of an address as browsers write it, without the port that the scheme implies (RFC 6454)."""
    parts = urlsplit(address)
    implied = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(implied)}"


def _seen(reply: Reply | NoReply) -> SeenRequest | None:
    if isinstance(reply, NoReply) or reply.status != 200:
        return None
    try:
        return msgspec.json.decode(reply.body, type=SeenRequest)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _not_seen(case: Case, address: str, reply: Reply | NoReply) -> Finding:
    """Something answers, but not as this installation would."""
    if isinstance(reply, NoReply):
        remedy = "Look at the ingress's own log for the same moment."
        return SERVER.failed(f"{address} gives {reply.reason}.", remedy, subject=address)
    code = reply.headers.get("X-Headlamp-Code", "")
    # A proxy puts its own name into `Server`, and lets the other header through.
    ours = bool(code) or reply.headers.get("Server") == "headlamp"
    parts = urlsplit(address)
    if ours and code == "gate.host":
        remedy = (
            "Let the ingress pass on the Host that the browser sends (at nginx: `proxy_set_header Host $http_host;`), "
            f"or set -allowed-hosts={parts.hostname}."
        )
        found = "The server answers, but the ingress gives it another host name, which it does not know."
        return FORWARDED.failed(found, remedy, subject=address)
    if ours and case.examined.tickets is None:
        remedy = "Run `headlamp doctor` where the server runs, with its settings and as its user, or open /doctor."
        found = "A headlamp server answers. What arrives there can't be seen without its secret."
        return SERVER.skipped(found, remedy, subject=address)
    if ours:
        remedy = (
            "If that is another installation, correct the ingress. If it is this one, run `headlamp doctor` with the "
            "same -session-secret-file or -state-dir as the server."
        )
        found = "A headlamp server answers, but it has another secret than this one."
        return SERVER.failed(found, remedy, subject=address)
    location = reply.headers.get("Location", "")
    if 300 <= reply.status < 400 and location:
        return _elsewhere(address, location, reply.status)
    if reply.status in (502, 503, 504):
        remedy = f"Start the server, and let the ingress send {parts.netloc} to its port ({case.settings.port})."
        return SERVER.failed(f"The ingress finds no server behind it ({reply.status}).", remedy, subject=address)
    remedy = (
        f"Check the ingress's rule for {parts.netloc}: host, path ({parts.path or '/'}) and the service's port "
        f"({case.settings.port}). It must not take the path away."
    )
    return SERVER.failed(f"Something else answers there, with {reply.status}.", remedy, subject=address)


def _elsewhere(address: str, location: str, status: int) -> Finding:
    asked, sent = urlsplit(address), urlsplit(location)
    if asked.scheme == "http" and sent.scheme == "https" and sent.hostname == asked.hostname:
        remedy = f"Set -public-url=https://{sent.netloc}{asked.path}."
        return SERVER.failed("It redirects to https.", remedy, subject=address)
    where = f"{sent.scheme}://{sent.netloc}" if sent.netloc else sent.path
    remedy = (
        f"If something in front asks for a sign-in of its own, let {PATH} and the rest through: this server signs "
        "people in itself."
    )
    return SERVER.failed(f"It redirects to {where} ({status}), which is not this server.", remedy, subject=address)


def _forwarded(case: Case, address: str, seen: SeenRequest) -> Finding:
    parts = urlsplit(address)
    scheme = parts.scheme
    proto = seen.forwarded_proto.partition(",")[0].strip().lower()
    origin = origin_of(address)
    set_proto = "Let the ingress send X-Forwarded-Proto (at nginx: `proxy_set_header X-Forwarded-Proto $scheme;`)."
    if seen.forwarded_proto and not seen.trusted:
        remedy = f"Add the ingress: -trusted-proxies={seen.peer}, beside the networks that are there."
        found = f"The ingress ({seen.peer}) is not one of the trusted proxies, so what it says does not count."
        make = FORWARDED.warning if seen.external == origin else FORWARDED.failed
        return make(found, remedy, subject=address)
    if seen.external != origin:
        remedy = set_proto if seen.external.startswith("http:") and scheme == "https" else ""
        remedy = remedy or "Let the ingress pass on Host as the browser sends it."
        found = f"The server takes the request for one to {seen.external}, and not {origin}."
        return FORWARDED.failed(found, f"{remedy} Or set -public-url={address}.", subject=address)
    if proto and proto != scheme:
        found = f"The ingress says that people use {proto}; -public-url says {scheme}, and wins."
        return FORWARDED.warning(found, f"{set_proto} With two proxies, the first one's must stay.", subject=address)
    if not proto and scheme == "https" and not is_loopback(parts.hostname or ""):
        if case.settings.tls_cert_path is None:
            found = "There is no X-Forwarded-Proto; -public-url makes up for it, and only for this one name."
            return FORWARDED.warning(found, set_proto, subject=address)
        return FORWARDED.ok("The server is reached by https itself.", subject=address)
    said = f"X-Forwarded-Proto: {proto}, " if proto else ""
    return FORWARDED.ok(f"{said}Host: {seen.host}; the server concludes {seen.external}.", subject=address)


async def _websocket(case: Case, door: _Door) -> Finding:
    headers = {**door.headers, "Origin": origin_of(door.address)}
    answer = await upgrade(door.url(), context=door.context, tools=case.tools, headers=headers)
    if isinstance(answer, str):
        return WEBSOCKET.ok("It passes.", subject=door.address)
    if isinstance(answer, NoReply):
        found = f"It does not pass: {answer.reason}."
        return WEBSOCKET.failed(found, _NGINX_UPGRADE, subject=door.address)
    if answer.headers.get("X-Headlamp-Code", "").startswith("gate."):
        remedy = "Let the ingress pass on Host and X-Forwarded-Proto as they are, or set -public-url."
        found = f"The server refuses it as coming from another page than its own ({answer.status})."
        return WEBSOCKET.failed(found, remedy, subject=door.address)
    found = f"It does not pass: the answer is {answer.status} instead of 101."
    return WEBSOCKET.failed(found, _NGINX_UPGRADE, subject=door.address)


async def _cookies(case: Case, door: _Door) -> Finding:
    arrived = await _with_cookies(case, door, OUR_COOKIES)
    if arrived is not None:
        remedy = (
            "Raise the ingress's limit for request headers to 8 KB (at nginx: `large_client_header_buffers 4 8k;`, "
            "which is its default)."
        )
        return COOKIES.failed(f"{OUR_COOKIES} bytes of cookies don't arrive: {arrived}.", remedy, subject=door.address)
    more = await _with_cookies(case, door, USUAL_LIMIT)
    if more is None:
        return COOKIES.ok(f"{USUAL_LIMIT} bytes arrive; ours need {OUR_COOKIES} at most.", subject=door.address)
    found = (
        f"{OUR_COOKIES} bytes arrive, which is enough for ours. With {USUAL_LIMIT}, as other programs on this host may "
        f"set them: {more}."
    )
    return COOKIES.ok(found, subject=door.address)


async def _with_cookies(case: Case, door: _Door, size: int) -> str | None:
    """None when a Cookie header of `size` bytes arrives whole, else what happens."""
    name = "headlamp-doctor"
    headers = {**door.headers, "Cookie": f"{name}={'c' * (size - len(name) - 1)}"}
    reply = await ask(door.url(), context=door.context, tools=case.tools, headers=headers)
    if isinstance(reply, NoReply):
        return reply.reason
    seen = _seen(reply)
    if seen is None:
        return f"the answer is {reply.status}"
    return None if seen.cookie_bytes >= size else f"{seen.cookie_bytes} bytes are left of them"


async def _answers(case: Case, door: _Door) -> Finding:
    reply = await ask(
        door.url(f"?{PADDING}={OUR_HEAD - _EVERY_HEAD}"), context=door.context, tools=case.tools, headers=door.headers
    )
    if _seen(reply) is not None:
        return ANSWERS.ok(f"A head of {OUR_HEAD} bytes comes through; ours are smaller.", subject=door.address)
    what = reply.reason if isinstance(reply, NoReply) else f"the answer is {reply.status}"
    remedy = "Raise the ingress's limit for answers' headers to 4 KB (at nginx: `proxy_buffer_size 4k;`, its default)."
    return ANSWERS.failed(f"A head of {OUR_HEAD} bytes does not come through: {what}.", remedy, subject=door.address)
