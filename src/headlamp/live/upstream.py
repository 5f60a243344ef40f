"""Requests to a cluster's API server for one selection, as one user: lists and watches, and what a refusal means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial

from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.transport import UpstreamResponse
from headlamp.live.cutting import WasCut
from headlamp.live.errors import (
    Forbidden,
    Gone,
    IdentityChanged,
    Rejected,
    SignInAgain,
)
from headlamp.live.lines import Lines
from headlamp.live.members import Member, Members, Rejection
from headlamp.live.refusals import moment_of, refusal_in
from headlamp.live.resources import Selection
from headlamp.live.tables import OBJECT_ACCEPT, TABLE_ACCEPT, Include, TableReader
from headlamp.live.timing import Timing
from headlamp.live.verdicts import Asked, Verdicts
from headlamp.problems import Problem

# Rows without objects are about 140 bytes each, so that lists of them need no pages (see `Feed`). With their metadata a
# row is some 6 KB, as a whole object 10 KB: so many at a time are 3 and 5 MB.
PAGE_ROWS = 500
MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_EVENT_BYTES = 16 * 1024 * 1024
_CLOCKS_AGREE = 5.0

_Answer = tuple[UpstreamResponse, Bearer | None]


@contextmanager
def _refusing(personal: Callable[[Problem], bool]) -> Iterator[None]:
    """Raise `_Refused` for a problem of the member's own."""
    try:
        yield
    except Problem as problem:
        if personal(problem):
            raise _Refused(problem) from problem
        raise


class _Refused(Exception):  # noqa: N818  # no error: it says what has happened
    """A request can't be made as this member, but perhaps as another."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class Upstream:
    """Requests to one cluster, as one of `members`: those who read together, or one user `alone`.

    A request goes out with the first one's credential, and with the next one's where that is refused. A member's way
    into the cluster is opened anew for each request, since transport and credential change meanwhile.

    Every method raises a `Problem` of `live.errors` or `clusters.errors`, `SignInAgain`, or `IdentityChanged`.
    """

    def __init__(self, members: Members, *, timing: Timing, now: Callable[[], float]) -> None:
        self.now = now
        self.timing = timing
        self.objects = False
        self._members = members
        self._verdicts = Verdicts(members, timing=timing, now=now)
        self.skew = 0.0
        """How many seconds our clock is ahead of the API server's."""

    async def page(
        self, selection: Selection, namespace: str | None, include: Include, rest: str, *, cached: bool = False
    ) -> bytes:
        """One page of a list: the first, or the one that `rest` of the page before names.

        Rows without objects come in one page, with `cached` as the API server's cache has them at the moment.
        """
        query = {} if self.objects else {"includeObject": str(include)}
        if self.objects or include != "None":
            query["limit"] = str(PAGE_ROWS)
        elif cached and not rest:
            query["resourceVersion"] = "0"
        if rest:
            query["continue"] = rest
        return await self._read(selection.target(namespace, **query), "", MAX_PAGE_BYTES)

    async def latest(self, selection: Selection, namespace: str | None) -> str:
        """The version that the cluster is at, by a list of one row that is read for it.

        Such a list is a consistent one: it only comes when the API server reaches its etcd.
        """
        query = {"limit": "1"} if self.objects else {"limit": "1", "includeObject": "None"}
        # Of all rows the first is found at once, of those that a selector chooses perhaps only after all others.
        unselected = replace(selection, label_selector="", field_selector="")
        body = await self._read(unselected.target(namespace, **query), "", MAX_PAGE_BYTES)
        return TableReader().page(body, namespace="", now=self.now()).version

    @property
    def carrier(self) -> str:
        """The identity of whoever has their turn to ask; "" when nobody is left."""
        return next((member.identity for member in self._members), "")

    async def read(self, target: str, accept: str, limit: int) -> bytes:
        """One answer in the form that `accept` names, of at most `limit` bytes."""
        return await self._read(target, accept, limit)

    async def _read(self, target: str, accept: str, limit: int) -> bytes:
        while True:
            with suppress(WasCut):
                async with self._answer(target, stream=False, accept=accept) as (response, _):
                    return await response.read(limit)

    @asynccontextmanager
    async def watch(
        self, selection: Selection, namespace: str | None, include: Include, version: str
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """Events after `version`, as lines, in the batches in which they arrive.

        Ends without an error when the server ends it, when it is for another member to go on, and in time before the
        token expires: an API server authenticates a watch once, when it starts, so that a watch must not outlive its
        token. A silence in which a bookmark should have come raises `Gone`: the connection may be dead, or `version`
        one that the cluster, put back to a backup, is yet to reach.
        """
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        if not self.objects:
            query["includeObject"] = include
        target = selection.target(namespace, **query)
        begun = False
        while not begun:
            with suppress(WasCut):
                async with (
                    self._answer(target, stream=True) as (response, bearer),
                    aclosing(self._lines(response, bearer)) as lines,
                ):
                    begun = True
                    yield lines

    async def _lines(self, response: UpstreamResponse, bearer: Bearer | None) -> AsyncGenerator[list[bytes], None]:
        loop = asyncio.get_running_loop()
        end = self._end_of(bearer, loop.time())
        chunks = aiter(response.chunks())
        lines = Lines(MAX_EVENT_BYTES)
        while True:
            silence = loop.time() + self.timing.silence
            ends_first = end is not None and end <= silence
            try:
                async with asyncio.timeout_at(end if ends_first else silence):
                    chunk = await anext(chunks)
            except TimeoutError:
                # Not by the clock: a loop may be a little early.
                if ends_first:
                    return
                raise Gone("The cluster has been silent for too long.") from None
            except StopAsyncIteration:
                return
            if complete := lines.add(chunk):
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
    async def _answer(self, target: str, *, stream: bool, accept: str = "") -> AsyncIterator[_Answer]:
        """An answer of status 200, as whoever carries the reading, or as another member where that one is refused.

        Raises `WasCut` when the one whose credential it was asked with goes meanwhile.
        """
        asked: Asked = (target.partition("?")[0], stream)
        refused: dict[Member, Problem] = {}
        async with AsyncExitStack() as stack:
            while True:
                member = self._verdicts.candidate(asked, refused)
                if member is None:
                    raise self._verdicts.refuse(asked, refused)
                try:
                    async with AsyncExitStack() as attempt:
                        answer = await self._ask(attempt, member, target, stream=stream, accept=accept)
                        await stack.enter_async_context(attempt.pop_all())
                    break
                except _Refused as refusal:
                    if isinstance(refusal.problem, SignInAgain | IdentityChanged) and len(self._members) > 1:
                        self._members.lost(member, refusal.problem)
                    else:
                        refused[member] = refusal.problem
                except Problem:
                    # It may be with this one's way only: their share of connections may be used up.
                    self._members.pass_over(member)
                    raise
            self._verdicts.grant(asked, member, refused)
            yield answer

    async def _ask(self, stack: AsyncExitStack, member: Member, target: str, *, stream: bool, accept: str) -> _Answer:
        """Ask as `member`; the answer is open until `stack` closes. Raises `_Refused` for what others may be given."""
        with _refusing(lambda problem: problem.status == 401 or isinstance(problem, IdentityChanged)):
            access = await stack.enter_async_context(member.lend())
        with _refusing(lambda _: True):
            bearer = await _bearer_of(access.credential)
        with _refusing(lambda problem: problem.status == 401 or isinstance(problem, Forbidden | TokenTooLarge)):
            self._refuse_known_rejection(member, bearer)
            request = partial(access.transport.request, "GET", target, stream=stream)
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(request(headers=self._headers(bearer, accept)))
                if response.status == 401:
                    fresh = await _bearer_of(access.credential)
                    if fresh is not None and bearer is not None and fresh.token != bearer.token:
                        await attempt.aclose()
                        bearer = fresh
                        response = await attempt.enter_async_context(request(headers=self._headers(bearer, accept)))
                date = moment_of(response.headers.get("Date", ""))
                self._take_date(date)
                if response.status != 200:
                    refusal = await refusal_in(response, date or self.now(), watch=stream)
                    if isinstance(refusal, Rejected):
                        self._remember(member, bearer.token if bearer else None, refusal)
                    raise refusal
                await stack.enter_async_context(attempt.pop_all())
        return response, bearer

    def _take_date(self, date: float | None) -> None:
        """Dates are whole seconds and answers take a moment, so that a small difference is none."""
        if date is not None:
            ahead = self.now() - date
            self.skew = ahead if abs(ahead) > _CLOCKS_AGREE else 0.0

    def _remember(self, member: Member, token: str | None, rejected: Rejected) -> None:
        known = member.rejection
        times = known.times + 1 if known is not None and known.token == token else 1
        early = self.timing.first_refusals
        pause = early[times - 1] if times <= len(early) else self.timing.refused_pause
        member.rejection = Rejection(token, self.now() + pause, rejected, times)

    def _refuse_known_rejection(self, member: Member, bearer: Bearer | None) -> None:
        """However many lists want it, a token that was rejected goes to the cluster a few times, then once a minute."""
        known = member.rejection
        token = bearer.token if bearer else None
        if known is not None and known.token == token and self.now() < known.until:
            raise Rejected(known.problem.message, retry_after=known.until - self.now())

    def _headers(self, bearer: Bearer | None, accept: str) -> dict[str, str]:
        accept = accept or (OBJECT_ACCEPT if self.objects else TABLE_ACCEPT)
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
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
