"""Requests to a cluster's API server for one selection, as one user: lists and watches, and what a refusal means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from email.utils import parsedate_to_datetime
from functools import partial

from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.transport import UpstreamResponse
from headlamp.live.cutting import WasCut
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
    SessionEnded,
    SignInAgain,
)
from headlamp.live.members import Member, Members, Rejection
from headlamp.live.resources import Selection
from headlamp.live.tables import OBJECT_ACCEPT, TABLE_ACCEPT, Include, message_of
from headlamp.live.timing import Timing
from headlamp.problems import Problem

# Rows without objects are about 140 bytes each, so that lists of them need no pages (see `Feed`). With their metadata a
# row is some 6 KB, as a whole object 10 KB: so many at a time are 3 and 5 MB.
PAGE_ROWS = 500
MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_EVENT_BYTES = 16 * 1024 * 1024
MAX_REFUSAL_BYTES = 64 * 1024
_CLOCKS_AGREE = 5.0
# As how many people one request is made at most, when the cluster refuses one after the other.
_MOST_ASKED = 3

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
        self._granted: dict[tuple[str, bool], float | None] = {}
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
        partial = b""
        while True:
            silence = loop.time() + self.timing.silence
            try:
                async with asyncio.timeout_at(silence if end is None else min(silence, end)):
                    chunk = await anext(chunks)
            except TimeoutError:
                if end is not None and loop.time() >= end:
                    return
                raise Gone("The cluster has been silent for too long.") from None
            except StopAsyncIteration:
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
    async def _answer(self, target: str, *, stream: bool, accept: str = "") -> AsyncIterator[_Answer]:
        """An answer of status 200, as whoever carries the reading, or as another member where that one is refused.

        Raises `WasCut` when the one whose credential it was asked with goes meanwhile.
        """
        asked = (target.partition("?")[0], stream)
        refused: dict[Member, Problem] = {}
        async with AsyncExitStack() as stack:
            while True:
                member = next((m for m in self._members if m not in refused), None)
                if member is None or len(refused) == _MOST_ASKED:
                    raise self._refused_to_all(refused, asked)
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
            member.rejection = None
            self._granted[asked] = None
            for other, problem in refused.items():
                self._members.pass_over(other)
                if isinstance(problem, Rejected | Forbidden | TokenTooLarge):
                    self._members.refused(other, problem)
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
                date = _moment(response.headers.get("Date", ""))
                self._take_date(date)
                if response.status != 200:
                    refusal = await _refusal(response, date or self.now(), watch=stream)
                    if isinstance(refusal, Rejected):
                        self._remember(member, bearer.token if bearer else None, refusal)
                    raise refusal
                await stack.enter_async_context(attempt.pop_all())
        return response, bearer

    def _refused_to_all(self, refused: dict[Member, Problem], asked: tuple[str, bool]) -> Problem:
        """What it means that nobody was given what was asked for: the first one's refusal, if it is to be believed."""
        if not refused:
            return SessionEnded()
        for member, refusal in refused.items():
            self._members.pass_over(member)
            if len(self._members) > 1:
                self._members.refused(member, refusal)
        problem = next(iter(refused.values()))
        if self._members.strangers and len(self._members) > 1 and not isinstance(problem, Rejected):
            # Its own words are about the one who asked, and everybody would read them.
            forbidden = isinstance(problem, Forbidden)
            problem = (
                Forbidden("The cluster allows this to none of those who read it together.")
                if forbidden
                else Busy(
                    "None of those who read this together can ask the cluster now.", retry_after=problem.retry_after
                )
            )
        # A rejection that is only remembered says itself when to try again.
        if isinstance(problem, Rejected | Forbidden) and problem.retry_after is None and self._may_pass(asked):
            for member in refused:
                member.rejection = None
            busy = Busy(problem.message)
            busy.__cause__ = problem
            return busy
        return problem

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
    """The wait that a server asks for, in seconds or as a date (RFC 9110, section 10.2.3); at most ten minutes.

    `now` is by the server's clock, if that is known.
    """
    if value.isascii() and value.isdigit():
        return min(float(value), 600.0)
    moment = _moment(value)
    return None if moment is None else min(max(moment - now, 0.0), 600.0)


def _moment(date: str) -> float | None:
    """A date of HTTP (RFC 9110, section 5.6.7) in seconds since the epoch."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
