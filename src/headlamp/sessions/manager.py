"""Sessions as the rest of the program uses them: make one, find one by its cookie, end one, and keep them all fresh."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Protocol

import msgspec
import structlog

from headlamp.oidc.tokens import SignIn
from headlamp.problems import Problem
from headlamp.sessions.active import ActiveSession
from headlamp.sessions.cache import ActiveSessions
from headlamp.sessions.cookie import ID_BYTES, KEY_BYTES, Ticket
from headlamp.sessions.errors import SessionEnded, StoreUnavailable
from headlamp.sessions.ledger import Ledger
from headlamp.sessions.overtaking import Logouts
from headlamp.sessions.own import OwnSession, own_sessions
from headlamp.sessions.paste_budget import PasteBudget
from headlamp.sessions.pasted import pasted_token
from headlamp.sessions.record import Login, Session
from headlamp.sessions.refresh import Renewals, Renewer
from headlamp.sessions.revocations import Revocations, Revoker
from headlamp.sessions.sealing import Sealer
from headlamp.sessions.store import SessionStore

__all__ = ["ActiveSession", "OwnSession", "Sessions"]

# Others' changes have to be known within a second.
TICK_S = 0.5
# How long one round may look after sessions one by one.
LONGEST_ROUND_S = 0.2
PURGE_S = 60.0
# How far `last_seen` may lag behind, at most.
SEEN_S = 60.0
LONGEST_USER_AGENT = 200

log = structlog.stdlib.get_logger("headlamp.sessions")


class TokenProvider(Renewer, Revoker, Protocol):
    """The part of a provider that sessions need."""


class Sessions:
    """All sessions. `ttl` is the absolute and `idle` the idle lifetime, in seconds.

    At most `cache_entries` sessions or `cache_bytes` of records are kept at hand beside those in use. `sleep` is
    between rounds of housekeeping; tests that call `tick` themselves need no `start`.
    """

    def __init__(
        self,
        store: SessionStore,
        sealer: Sealer,
        providers: Mapping[str, TokenProvider],
        *,
        ttl: float,
        idle: float,
        now: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        cache_entries: int = 10_000,
        cache_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._store = store
        self._ttl = ttl
        self._idle = idle
        self._now = now
        self._random = random
        self._sleep = sleep
        self._seen_after = min(SEEN_S, idle / 4)
        self._cache = ActiveSessions(entries=cache_entries, size=cache_bytes)
        self._ledger = Ledger(store, sealer, self._cache, idle=idle, grace=self._seen_after, now=now)
        self._logouts = Logouts(store, self._ledger, now=now)
        self._revocations = Revocations(providers)
        self._paste_budget = PasteBudget(now=now)
        self._renewals = Renewals(
            self._ledger,
            store,
            providers,
            owner=random(16),
            now=now,
            sleep=sleep,
            discard=self._revocations.begin_one,
        )
        self._ledger.renewals = self._renewals
        self._purge_at = 0.0
        self._housekeeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the store and begin housekeeping. Raises `StoreUnavailable`."""
        await self._store.open()
        await self._ledger.notice_changes()
        self._housekeeper = asyncio.create_task(self._keep_house(), name="sessions housekeeping")

    async def close(self) -> None:
        """End housekeeping, let renewals under way finish, close the store. The sessions themselves stay."""
        if self._housekeeper is not None:
            self._housekeeper.cancel()
            await asyncio.gather(self._housekeeper, return_exceptions=True)
            self._housekeeper = None
        await self._renewals.close()
        with contextlib.suppress(StoreUnavailable):
            await self._ledger.finish_writes()
        await self._revocations.close()
        await self._store.close()

    async def healthy(self) -> bool:
        """Whether the store answers."""
        try:
            await self._store.find(b"")
        except StoreUnavailable:
            return False
        return True

    async def resolve(self, cookie_value: str | None) -> ActiveSession | None:
        """The session that a cookie stands for, None when there is none (any more).

        Costs no input or output for a session that this process has at hand. Raises `StoreUnavailable`.
        """
        ticket = Ticket.decode(cookie_value) if cookie_value is not None else None
        if ticket is None:
            return None
        session = self._cache.get(ticket.handle) or await self._ledger.load(ticket)
        if session is None or not session.admits(ticket) or session.ended.is_set():
            return None
        now = self._now()
        if self._is_over(session, now):
            self._ledger.forget(session.handle)
            return None
        session.seen = max(session.seen, now)
        return session

    async def create(
        self,
        sign_in: SignIn,
        *,
        replacing: ActiveSession | None = None,
        user_agent: str = "",
        began: float | None = None,
        cluster: str = "",
    ) -> tuple[str, ActiveSession]:
        """A session for a finished sign-in, and its cookie's value. It always has a new id.

        The other sign-ins of the session that is `replacing`-d move over to it, and the old one ends; none of them
        moves when somebody else has signed in at the same provider, and a token that was pasted for `cluster`, which
        the sign-in was for, does not either: it would go before the sign-in. `began` is when the sign-in's code came:
        a logout by the provider since then was for this session, though it was not there yet.

        Raises `SessionEnded` in that case, `StoreUnavailable`.
        """
        now = self._now()
        record = self._new_record(now, user_agent)
        login = Login.from_sign_in(sign_in, id=self._new_id(), now=now)
        carried = await self._retire(replacing)
        if replacing is not None and carried is not None and _is_of_another(carried, sign_in):
            self._revocations.begin(replacing)
            carried = None
        if carried is not None:
            record = msgspec.structs.replace(record, logins=carried.logins, pasted=carried.pasted)
            record = record.without_pasted(cluster)
        value, session = await self._create(record.with_login(sign_in.provider_id, login))
        if began is not None:
            await self._end_if_overtaken(session, began, [login])
        if carried is not None:
            await self._end_if_overtaken(session, carried.created_at, carried.logins.values())
        return value, session

    async def paste_token(
        self, session: ActiveSession | None, cluster: str, token: str, *, user_agent: str = ""
    ) -> tuple[str, ActiveSession]:
        """A session that has `token` for `cluster`, beside all that `session` has, and its cookie's value.

        The id is new, as at a sign-in; the absolute end stays that of `session`. Raises `BadPastedToken`,
        `TooManyPasted` for those who have not signed in as well,
        `SessionEnded` when the provider has just ended the sign-ins that it has, `StoreUnavailable`.
        """
        now = self._now()
        pasted = pasted_token(token, id=self._new_id(), now=now)
        if session is None or not session.logins:
            self._paste_budget.spend(len(pasted.token))
        record = await self._retire(session) or self._new_record(now, user_agent)
        value, made = await self._create(msgspec.structs.replace(record, last_seen=now).with_pasted(cluster, pasted))
        await self._end_if_overtaken(made, record.created_at, record.logins.values())
        return value, made

    async def unpaste(self, session: ActiveSession, cluster: str) -> None:
        """Take the token for `cluster` away, and close what was opened with it; ends a session that has nothing else.

        Raises `StoreUnavailable`.
        """
        with contextlib.suppress(SessionEnded):
            await self._ledger.update(
                session, lambda record: record.without_pasted(cluster) if cluster in record.pasted else record
            )
        if session.record.empty:
            await self.end(session)

    async def end(self, session: ActiveSession) -> None:
        """Sign out: at once in this process, within a second in every other. Raises `StoreUnavailable`."""
        await self._ledger.end(session)

    async def revoke(self, session: ActiveSession) -> None:
        """Tell the providers that the refresh tokens of `session`, which is over, are of no use any more.

        Waits for them, but never longer than a person who wants to leave would; what fails is only logged.
        """
        await self._revocations.complete(session)

    async def own(self, session: ActiveSession) -> list[OwnSession]:
        """The sessions of the person that `session` is of, itself included, the current one first.

        Raises `StoreUnavailable`.
        """
        return await own_sessions(self._ledger, session, now=self._now(), idle=self._idle)

    async def end_own(self, session: ActiveSession, session_id: str) -> OwnSession | None:
        """End the session that `own` calls `session_id`, and say which it was; None when there is none of that id.

        Its refresh tokens are revoked if anybody in this process uses it: a stored record opens with its cookie alone.
        Raises `StoreUnavailable`.
        """
        for one in await self.own(session):
            if one.id == session_id:
                await self._end_rows([one.handle], keep_offline=False)
                return one
        return None

    async def first_use(self, name: str, seconds: float) -> bool:
        """Whether nobody, in any process, has used `name` before within `seconds`. Raises `StoreUnavailable`."""
        return await self._store.lease(_use(name), self._random(16), now=self._now(), seconds=seconds)

    @contextlib.asynccontextmanager
    async def using(self, name: str, seconds: float) -> AsyncIterator[bool]:
        """The same for the time of a block; a block that fails for the store's sake has not used `name`."""
        owner = self._random(16)
        first = await self._store.lease(_use(name), owner, now=self._now(), seconds=seconds)
        try:
            yield first
        except StoreUnavailable:
            if first:
                with contextlib.suppress(StoreUnavailable):
                    await self._store.release(_use(name), owner)
            raise

    async def end_matching(self, issuer: str, *, sid: str | None = None, subject: str | None = None) -> int:
        """End the sessions that the provider's `sid` names, else all of `subject`, and say how many there were.

        With both also those of `subject` whose ID token named no session of the provider: each may be the one.
        """
        indexes = []
        if sid is not None:
            indexes.append(self._ledger.index("sid", issuer, sid))
        if subject is not None:
            indexes.append(self._ledger.index("sub" if sid is None else "sub without sid", issuer, subject))
        found: set[bytes] = set()
        for index in indexes:
            await self._logouts.note(index)
            found.update(await self._ledger.find(index))
        return await self._end_rows(list(found), keep_offline=True)

    async def tick(self) -> None:
        """One round of housekeeping. Raises `StoreUnavailable`; the next round takes up what was left."""
        await self._ledger.finish_ends()
        await self._ledger.finish_writes()
        await self._ledger.notice_changes()
        now = self._now()
        for session in self._cache.all():
            if session.wake_at <= now:
                await self._look_after(session, now)
            if self._now() - now > LONGEST_ROUND_S:
                break  # the rest in the next round: meanwhile others may have signed out
        if now >= self._purge_at:
            await self._store.purge(now)
            self._purge_at = now + PURGE_S

    async def _keep_house(self) -> None:
        while True:
            await self._sleep(TICK_S)
            try:
                await self.tick()
            except Problem as problem:
                log.warning("session housekeeping failed, to be tried again", code=problem.code, reason=problem.message)
            except Exception as unexpected:  # housekeeping must outlive a fault of ours
                log.exception("unexpected error in session housekeeping", exception=type(unexpected).__name__)

    async def _look_after(self, session: ActiveSession, now: float) -> None:
        """End what has run out, renew what is due, note when the session was last used."""
        if self._is_over(session, now):
            self._ledger.forget(session.handle)
            return
        postponed = False
        # Renewals and ends are looked at twice a second only for those that are near one.
        moments = [
            now + self._seen_after,
            session.record.last_seen + self._seen_after,
            session.expires_at,
            session.seen + self._idle,
        ]
        for provider_id, login in session.record.logins.items():
            if not self._renewals.crowded:
                self._renewals.begin_if_due(session, provider_id)
            elif self._renewals.next_moment(session, provider_id, login) <= now:
                postponed = True
            moments.append(self._renewals.next_moment(session, provider_id, login))
            for credential_id in self._renewals.run_out(login):
                session.end_credential(credential_id)
        for pasted in session.record.pasted.values():
            if pasted.expires_at is not None:
                moments.append(pasted.expires_at)
                if pasted.expires_at <= now:
                    session.end_credential(pasted.id)
        session.wake_at = now if postponed else min((moment for moment in moments if moment > now), default=now)
        if session.seen - session.record.last_seen >= self._seen_after:
            seen = session.seen
            with contextlib.suppress(SessionEnded):
                await self._ledger.update(session, lambda record: _seen(record, seen))

    def _is_over(self, session: ActiveSession, now: float) -> bool:
        return now >= session.expires_at or now - session.seen >= self._idle

    async def _end_rows(self, handles: list[bytes], *, keep_offline: bool) -> int:
        """End sessions from outside, and revoke the refresh tokens of those that this process can open."""
        open_here = [session for handle in handles if (session := self._ledger.at_hand(handle)) is not None]
        ended = await self._ledger.end_all(handles)
        for session in open_here:
            self._revocations.begin(session, keep_offline=keep_offline)
        return ended

    async def _retire(self, session: ActiveSession | None) -> Session | None:
        """End a session whose content moves to another one; None when it was over already, and nothing may move."""
        if session is None or session.ended.is_set():
            return None
        await self._renewals.settle(session)
        await self._ledger.reload(session)
        if session.ended.is_set() or not await self._ledger.end(session):
            return None
        return session.record

    async def _end_if_overtaken(self, session: ActiveSession, since: float, logins: Collection[Login]) -> None:
        """End a session that has just been stored, if a provider has ended one of its `logins` `since` then.

        Only once it is stored: a logout that comes after this question finds it. Raises `SessionEnded`.
        """
        if logins and await self._logouts.since(since, logins):
            await self._ledger.end(session)
            raise SessionEnded("The identity provider ended this sign-in before it was finished here.")

    async def _create(self, record: Session) -> tuple[str, ActiveSession]:
        ticket = Ticket(self._random(ID_BYTES), self._random(KEY_BYTES))
        return ticket.encode(), await self._ledger.create(ticket, record)

    def _new_record(self, now: float, user_agent: str) -> Session:
        # A header's bytes need not be text in any encoding.
        readable = user_agent[:LONGEST_USER_AGENT].encode(errors="replace").decode()
        return Session(created_at=now, last_seen=now, expires_at=now + self._ttl, user_agent=readable)

    def _new_id(self) -> str:
        return self._random(12).hex()


def _use(name: str) -> bytes:
    return hashlib.sha256(b"first use\0" + name.encode()).digest()


def _is_of_another(record: Session, sign_in: SignIn) -> bool:
    """Whether a session is of another person than the one who has signed in at a provider that it knows, too."""
    known = record.logins.get(sign_in.provider_id)
    return known is not None and (known.issuer, known.subject) != (sign_in.issuer, sign_in.subject)


def _seen(record: Session, seen: float) -> Session:
    return record if record.last_seen >= seen else msgspec.structs.replace(record, last_seen=seen)
