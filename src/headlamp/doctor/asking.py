"""One plain HTTP request of a check: bounded in time and size, without redirects, proxies, cookies or retries."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from headlamp.clusters.agent import user_agent
from headlamp.doctor.tools import Tools

MAX_BYTES = 256 * 1024
# What nginx and the like answer with fits easily; what we ourselves send back on request does too.
MAX_FIELD = 32 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `body` is at most `MAX_BYTES` of it; `skew` is None when it has no usable `Date`."""

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)
    skew: float | None

    @property
    def text(self) -> str:
        """The body as text, whatever its encoding claims to be."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class NoReply:
    """There was no answer; `reason` is short and in lower case."""

    reason: str


async def ask(
    url: str,
    *,
    context: ssl.SSLContext | None,
    tools: Tools,
    headers: Mapping[str, str] | None = None,
) -> Reply | NoReply:
    """GET `url`, as it is."""
    try:
        async with asyncio.timeout(tools.step_s), _session(context, tools) as session:
            before = tools.now()
            async with session.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as response:
                skew = skew_of(response.headers, (before + tools.now()) / 2)
                body = await _some(response)
                return Reply(response.status, CIMultiDictProxy(CIMultiDict(response.headers)), body, skew)
    except TimeoutError:
        return NoReply(f"no answer within {tools.step_s:g} seconds")
    except aiohttp.ServerDisconnectedError:
        return NoReply("the connection was closed without an answer")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return NoReply(f"no usable answer ({type(error).__name__})")


async def upgrade(
    url: str, *, context: ssl.SSLContext | None, tools: Tools, headers: Mapping[str, str]
) -> str | Reply | NoReply:
    """Open a WebSocket and return the first text that arrives, or the answer that was given instead of one."""
    refusals: list[Reply] = []

    async def only_101(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        # aiohttp's `ws_connect` would follow a redirect, and carry our headers along.
        response = await handler(request)
        if response.status != 101:
            given = CIMultiDictProxy(CIMultiDict(response.headers))
            refusals.append(Reply(response.status, given, await _some(response), None))
            response.close()
            raise aiohttp.ClientError
        return response

    try:
        async with (
            asyncio.timeout(tools.step_s),
            _session(context, tools, only_101) as session,
            session.ws_connect(URL(url, encoded=True), headers=headers, compress=0) as opened,
        ):
            return await opened.receive_str()
    except TimeoutError:
        return NoReply(f"no answer within {tools.step_s:g} seconds")
    except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
        return refusals[0] if refusals else NoReply(f"no usable answer ({type(error).__name__})")


def skew_of(headers: Mapping[str, str], now: float) -> float | None:
    """How far, in seconds, the clock of whoever wrote `Date` is ahead of `now` (RFC 9110, section 6.6.1).

    A cache keeps the `Date` of the origin, and says in `Age` for how long it has had the answer.
    """
    try:
        written = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    age = headers.get("Age", "")
    return written + (int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0) - now


class _Resolver(AbstractResolver):
    """Names are looked up as in all other steps."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._tools.resolve(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _session(
    context: ssl.SSLContext | None, tools: Tools, *middlewares: aiohttp.ClientMiddlewareType
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=context if context is not None else True, force_close=True, resolver=_Resolver(tools)
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers={"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity"},
        max_field_size=MAX_FIELD,
        max_line_size=MAX_FIELD,
        middlewares=middlewares,
    )


async def _some(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= MAX_BYTES:
            break
    return bytes(body[:MAX_BYTES])
