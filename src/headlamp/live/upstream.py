"""Requests to a cluster's API server for one selection, as one user: lists and watches, and what a refusal means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.clusters.transport import UpstreamResponse
from headlamp.live.errors import (
    BadSelector,
    BrokenStream,
    Busy,
    CannotPrint,
    CannotWatch,
    Forbidden,
    Gone,
    IdentityChanged,
    NoSuchKind,
    Rejected,
    SignInAgain,
)
from headlamp.live.resources import Selection
from headlamp.live.tables import OBJECT_ACCEPT, TABLE_ACCEPT, Include, message_of
from headlamp.live.timing import Timing
from headlamp.live.viewer import Access, OpenAccess
from headlamp.problems import Problem

# A page of rows without objects is about 140 bytes a row; with their metadata about 6 KB a row, whole objects 10 KB.
PAGE_ROWS = {"None": 2000, "Metadata": 500}
MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_EVENT_BYTES = 16 * 1024 * 1024
MAX_REFUSAL_BYTES = 64 * 1024


@dataclass(slots=True)
class Rejection:
    """A token that the cluster did not accept, and until when not to try it again."""

    token: str | None
    until: float
    problem: Rejected


class Upstream:
    """One user's requests to one cluster: all of it is read as whom, and from where, `access` says.

    `open_access` is asked anew for each request, since a cluster's transport and the credential change meanwhile.

    Every method raises a `Problem` of `live.errors` or `clusters.errors`, `SignInAgain`, or `IdentityChanged`.
    """

    def __init__(self, open_access: OpenAccess, *, access: Access, timing: Timing, now: Callable[[], float]) -> None:
        self.now = now
        self.timing = timing
        self.objects = False
        self._open_access = open_access
        self._identity = access.credential.identity
        self._server = access.cluster.server
        self._rejection: Rejection | None = None
        self._granted: dict[tuple[str, bool], float | None] = {}

    async def page(self, selection: Selection, namespace: str | None, include: Include, rest: str) -> bytes:
        """One page of a list: the first, or the one that `rest` of the page before names."""
        query = {"includeObject": include, "limit": str(PAGE_ROWS["Metadata" if self.objects else include])}
        if self.objects:
            del query["includeObject"]
        if rest:
            query["continue"] = rest
        async with self._answer(selection.target(namespace, **query), stream=False) as (response, _):
            return await response.read(MAX_PAGE_BYTES)

    @asynccontextmanager
    async def watch(
        self, selection: Selection, namespace: str | None, include: Include, version: str
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """Events after `version`, as lines, in the batches in which they arrive.

        Ends without an error when the server ends it, after a silence, and in time before the token expires: an API
        server authenticates a watch once, when it starts, so that a watch must not outlive its token.
        """
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        if not self.objects:
            query["includeObject"] = include
        target = selection.target(namespace, **query)
        async with (
            self._answer(target, stream=True) as (response, bearer),
            aclosing(self._lines(response, bearer)) as lines,
        ):
            yield lines

    async def _lines(self, response: UpstreamResponse, bearer: Bearer | None) -> AsyncGenerator[list[bytes], None]:
        loop = asyncio.get_running_loop()
        end = self._end_of(bearer, loop.time())
        chunks = aiter(response.chunks())
        partial = b""
        while True:
            silence = loop.time() + self.timing.silence
            try:
                async with asyncio.timeout_at(silence if end is None else min(silence, end)):
                    chunk = await anext(chunks)
            except (TimeoutError, StopAsyncIteration):
                return
            lines = (partial + chunk).split(b"\n")
            partial = lines.pop()
            if len(partial) > MAX_EVENT_BYTES:
                raise BrokenStream("The cluster sent a watch event that is too large.")
            if complete := [line for line in lines if line.strip()]:
                yield complete

    def _end_of(self, bearer: Bearer | None, loop_now: float) -> float | None:
        """When a watch with this token must end, on the loop's clock.

        Close to expiry, when there is no fresh token yet, half of what is left: so a new token is asked for again
        and again, and the last of these watches ends with the token.
        """
        if bearer is None or bearer.expires_at is None:
            return None
        left = max(bearer.expires_at - self.now(), 0.0)
        lead = self.timing.expiry_lead
        return loop_now + (left - lead if left > 2 * lead else min(left, max(left / 2, lead / 15)))

    @asynccontextmanager
    async def _answer(self, target: str, *, stream: bool) -> AsyncIterator[tuple[UpstreamResponse, Bearer | None]]:
        access = await self._open_access()
        if access.credential.identity != self._identity or access.cluster.server != self._server:
            raise IdentityChanged
        bearer = await _bearer_of(access.credential)
        self._refuse_known_rejection(bearer)
        async with AsyncExitStack() as stack:
            response = await stack.enter_async_context(
                access.transport.request("GET", target, headers=self._headers(bearer), stream=stream)
            )
            if response.status == 401:
                fresh = await _bearer_of(access.credential)
                if fresh is not None and bearer is not None and fresh.token != bearer.token:
                    await stack.aclose()
                    bearer = fresh
                    response = await stack.enter_async_context(
                        access.transport.request("GET", target, headers=self._headers(bearer), stream=stream)
                    )
            asked = (target.partition("?")[0], stream)
            if response.status != 200:
                refusal = await _refusal(response, self.now(), watch=stream)
                if isinstance(refusal, Rejected | Forbidden) and self._may_pass(asked):
                    raise Busy(refusal.message) from refusal
                if isinstance(refusal, Rejected):
                    token = bearer.token if bearer else None
                    self._rejection = Rejection(token, self.now() + self.timing.refused_pause, refusal)
                raise refusal
            self._rejection = None
            self._granted[asked] = None
            yield response, bearer

    def _may_pass(self, asked: tuple[str, bool]) -> bool:
        """Whether a refusal of what was granted before is too young to be believed.

        An API server that has just started refuses everybody, until it has read its roles and asked its issuers for
        their keys. Rows must not vanish for that, nor wait a minute for the next try.
        """
        if asked not in self._granted:
            return False
        now = self.now()
        since = self._granted[asked]
        if since is None:
            since = self._granted[asked] = now
        if now - since < self.timing.doubt:
            return True
        del self._granted[asked]
        return False

    def _refuse_known_rejection(self, bearer: Bearer | None) -> None:
        """However many lists want it, a token that was rejected goes to the cluster at most once a minute."""
        known = self._rejection
        token = bearer.token if bearer else None
        if known is not None and known.token == token and self.now() < known.until:
            raise Rejected(known.problem.message, retry_after=known.until - self.now())

    def _headers(self, bearer: Bearer | None) -> dict[str, str]:
        headers = {"Accept": OBJECT_ACCEPT if self.objects else TABLE_ACCEPT, "Accept-Encoding": "identity"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer.token}"
        return headers


async def _bearer_of(credential: CredentialSource) -> Bearer | None:
    try:
        return await credential.current()
    except Problem as problem:
        if problem.status == 401:
            raise SignInAgain(problem.message, remedy=problem.remedy) from problem
        raise


async def _refusal(response: UpstreamResponse, now: float, *, watch: bool) -> Problem:
    """What an answer other than 200 means for a reader of rows; the cluster's own words are the message."""
    status = response.status
    message = message_of(await response.read(MAX_REFUSAL_BYTES))
    said = message or f"The cluster answered {status} {response.reason}.".replace(" .", ".")
    match status:
        case 401:
            return Rejected("The cluster does not accept the token that it was sent (401).")
        case 403:
            return Forbidden(said)
        case 404:
            # A kind that can be listed but not watched answers 405 or, at some aggregated APIs, 404.
            return CannotWatch(said) if watch else NoSuchKind(said)
        case 405:
            return CannotWatch(said) if watch else NoSuchKind(said)
        case 406:
            return CannotPrint(said)
        case 410:
            return Gone(said)
        case 400 | 422:
            return BrokenStream(said) if watch else BadSelector(said)
        case _:
            return Busy(said, retry_after=_retry_after(response.headers.get("Retry-After", ""), now))


def _retry_after(value: str, now: float) -> float | None:
    """The wait that a server asks for, in seconds or as a date (RFC 9110, section 10.2.3); at most ten minutes."""
    if value.isascii() and value.isdigit():
        return min(float(value), 600.0)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - now, 0.0), 600.0)
    except ValueError:
        return None
