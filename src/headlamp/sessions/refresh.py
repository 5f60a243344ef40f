"""Renewal of a session's tokens: ahead of expiry, once however many requests and processes want it.

OpenID Connect Core 1.0, section 12; RFC 6749, section 6. A failure that may pass never ends a session.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
import structlog

from headlamp.clusters.credential import Bearer
from headlamp.oidc.errors import ProviderUnavailable, RefreshMismatch, RefreshRefused
from headlamp.oidc.tokens import Tokens
from headlamp.sessions.active import ActiveSession, Attempt, Idle
from headlamp.sessions.errors import RenewalDelayed, SessionEnded, SignInAgain, StoreUnavailable
from headlamp.sessions.leases import Lease
from headlamp.sessions.lifetimes import Kind, expiry, is_newer, is_usable, renewal_due_at, token
from headlamp.sessions.record import Login, Session
from headlamp.sessions.store import SessionStore

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
# How much later than that a session may try again, by its share: a provider that is back is not asked by all at once.
SPREAD_PART_OF_RETRY = 0.25
# A provider may answer without a new ID token, or with one that is of no use here and now.
AFTER_USELESS_ANSWER_S = 5.0
LONGEST_AFTER_USELESS_ANSWER_S = 300.0
# How often to look whether the process that renews has got something: while requests wait for it, and while none does.
URGENT_POLL_S = 0.2
POLL_S = 1.0
# How many renewals housekeeping begins before it waits for some to end. Requests that wait count and are not counted.
MOST_AHEAD_OF_TIME = 64

log = structlog.stdlib.get_logger("headlamp.sessions")


class Renewer(Protocol):
    """The part of a provider that renews tokens (`headlamp.oidc.provider.Provider`)."""

    async def refresh(self, tokens: Tokens, *, subject: str, claims: Mapping[str, Any]) -> Tokens:
        """New tokens for old. Raises `RefreshRefused`, `RefreshMismatch`, `ProviderUnavailable`."""
        ...


class Records(Protocol):
    """The part of the ledger that renewal writes to."""

    async def reload(self, session: ActiveSession) -> None: ...
    async def update(self, session: ActiveSession, change: Callable[[Session], Session]) -> None: ...
    def write_later(self, session: ActiveSession, change: Callable[[Session], Session]) -> None: ...
    async def end(self, session: ActiveSession) -> bool: ...


class Renewals:
    """Renews the logins of sessions. `owner` names this process in leases.

    `discard` is told of tokens (and their provider's id) that came when their session was over.
    """

    def __init__(
        self,
        records: Records,
        store: SessionStore,
        providers: Mapping[str, Renewer],
        *,
        owner: bytes,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        discard: Callable[[str, Tokens], object],
    ) -> None:
        self._records = records
        self._store = store
        self._providers = providers
        self._owner = owner
        self._now = now
        self._sleep = sleep
        self._discard = discard
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def bearer(self, session: ActiveSession, provider_id: str, login_id: str, kind: Kind = Kind.ID) -> Bearer:
        """The token to send now; waits for a renewal only when the old token can't be used any more.

        Raises `SessionEnded`, `SignInAgain` (no way to renew), `RenewalDelayed` (the provider does not answer).
        """
        attempt = _attempt(session, provider_id)
        if kind not in attempt.shown:
            attempt.shown += (kind,)
            session.wake_at = 0.0
        while True:
            login = _login(session, provider_id, login_id)
            now = self._now()
            usable = is_usable(login, kind, now)
            # Before housekeeping's next look nothing is due, so most requests need not find that out for themselves.
            renewal = None if usable and now < session.wake_at else self.begin_if_due(session, provider_id)
            if usable:
                return Bearer(token(login, kind), expiry(login, kind))
            if renewal is None:
                raise _reason(attempt, login, now)
            # Shielded: whoever stops waiting (a closed tab) must not stop it for the others.
            await asyncio.shield(renewal)

    def begin_if_due(self, session: ActiveSession, provider_id: str) -> asyncio.Task[None] | None:
        """The renewal under way, begun now if it is time; None when it isn't, or when there is no way."""
        login = session.record.logins.get(provider_id)
        if login is None or session.ended.is_set() or self._closed:
            return None
        attempt = _attempt(session, provider_id)
        if attempt.task is not None:
            return attempt.task
        if not login.renewable or self._now() < _due_at(login, attempt, session.share):
            return None
        task = asyncio.create_task(self._renew(session, provider_id, login, attempt), name="renew tokens")
        attempt.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def next_moment(self, session: ActiveSession, provider_id: str, login: Login) -> float:
        """When housekeeping should look at this login next."""
        if login.renewable:
            return _due_at(login, _attempt(session, provider_id), session.share)
        now = self._now()
        ends = [moment for kind in Kind if (moment := expiry(login, kind)) is not None and moment > now]
        return min(ends, default=math.inf)

    def run_out(self, login: Login) -> list[str]:
        """The credentials of a login that have ended for good, by the names that they are used under."""
        if login.renewable:
            return []
        now = self._now()
        return [
            kind.credential_id(login.id) for kind in Kind if (ends := expiry(login, kind)) is not None and ends <= now
        ]

    @property
    def crowded(self) -> bool:
        """Whether so many are under way that those which have time should wait."""
        return len(self._tasks) >= MOST_AHEAD_OF_TIME

    async def settle(self, session: ActiveSession) -> None:
        """Wait for what is under way for `session`, so that no token is lost between an old session and a new one."""
        tasks = [attempt.task for attempt in session.attempts.values() if attempt.task is not None]
        if tasks:
            await asyncio.wait(tasks)

    async def close(self, *, patience: float = 5.0) -> None:
        """Begin nothing more, and let what is under way finish: an answer that is lost is a refresh token lost."""
        self._closed = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _renew(self, session: ActiveSession, provider_id: str, login: Login, attempt: Attempt) -> None:
        try:
            await self._renew_leased(session, provider_id, login)
        except SessionEnded:
            pass
        except (ProviderUnavailable, StoreUnavailable) as problem:
            self._failed(attempt, session.share, problem.code, problem.retry_after)
        except Exception as unexpected:  # whoever waits for this task gets an answer, not our fault
            log.exception("unexpected error in a renewal", exception=type(unexpected).__name__)
            self._failed(attempt, session.share, "internal", None)
        else:
            attempt.failures, attempt.not_before = 0, 0.0
            self._note_use(attempt, login, session.record.logins.get(provider_id, login))
        finally:
            attempt.task = None
            session.wake_at = 0.0

    async def _renew_leased(self, session: ActiveSession, provider_id: str, login: Login) -> None:
        """Renew under the lease, or wait for the process that holds it and use what it got."""
        name = session.handle + provider_id.encode()
        lease = Lease(self._store, name, self._owner, now=self._now, sleep=self._sleep)
        while not await lease.take():
            await self._sleep(self._pause(session, provider_id, login))
            if _login(session, provider_id, login.id) == login:
                await self._records.reload(session)
            if _login(session, provider_id, login.id) != login:
                return
        async with lease.held():
            # Another process may have renewed it just before we got the lease.
            await self._records.reload(session)
            if _login(session, provider_id, login.id) == login:
                await self._ask(session, provider_id, login, lease)

    def _pause(self, session: ActiveSession, provider_id: str, login: Login) -> float:
        """How long to wait for the process that has the lease: its answer is noticed by housekeeping anyway."""
        soon = self._now() + POLL_S
        kinds = _kept_fresh(session.attempts.get(provider_id, Attempt()))
        return POLL_S if all(is_usable(login, kind, soon) for kind in kinds) else URGENT_POLL_S

    async def _ask(self, session: ActiveSession, provider_id: str, login: Login, lease: Lease) -> None:
        provider = self._providers.get(provider_id)
        if provider is None:
            # A provider that a kubeconfig names can go and come back with the file.
            raise ProviderUnavailable("The identity provider of this sign-in is not configured at the moment.")
        try:
            tokens = await provider.refresh(login.tokens, subject=login.subject, claims=login.claims)
        except RefreshRefused:
            await self._record(session, lease, lambda record: _refused(record, provider_id, login))
            log.info("renewal refused", provider=provider_id)
        except RefreshMismatch as mismatch:
            log.critical("renewed tokens are for somebody else", provider=provider_id, claim=mismatch.claim)
            await self._records.end(session)
        else:
            renewed = msgspec.structs.replace(login, tokens=tokens, renewed_at=self._now())
            try:
                await self._record(session, lease, lambda record: _renewed(record, provider_id, login, renewed))
            except SessionEnded:
                # Signed out meanwhile, here or elsewhere: the tokens that came too late must not stay good.
                self._discard(provider_id, tokens)
                raise

    async def _record(self, session: ActiveSession, lease: Lease, change: Callable[[Session], Session]) -> None:
        """Store what the provider has answered, now or as soon as the store does. Raises `SessionEnded`."""
        try:
            await self._records.update(session, change)
        except StoreUnavailable:
            # The refresh token is spent: a new one must not be lost, and nobody may send the old one meanwhile.
            lease.leave()
            self._records.write_later(session, change)
            log.warning("the outcome of a renewal could not be stored yet")

    def _note_use(self, attempt: Attempt, older: Login, newer: Login) -> None:
        """Remember which tokens a renewal has not brought anew, so that the next try for them can wait."""
        now = self._now()
        for kind in _kept_fresh(attempt):
            if is_newer(newer, older, kind, now):
                attempt.idle.pop(kind, None)
                continue
            idle = attempt.idle.setdefault(kind, Idle())
            wait = min(LONGEST_AFTER_USELESS_ANSWER_S, AFTER_USELESS_ANSWER_S * 2.0**idle.answers)
            idle.until, idle.answers = now + wait, idle.answers + 1

    def _failed(self, attempt: Attempt, share: float, code: str, retry_after: float | None) -> None:
        attempt.failures += 1
        wait = min(LONGEST_RETRY_S, max(FIRST_RETRY_S * 2.0 ** (attempt.failures - 1), retry_after or 0.0))
        wait *= 1.0 + SPREAD_PART_OF_RETRY * share
        attempt.not_before = self._now() + wait
        log.warning("renewal failed, to be tried again", code=code, failures=attempt.failures, wait_s=round(wait, 1))


def _attempt(session: ActiveSession, provider_id: str) -> Attempt:
    found = session.attempts.get(provider_id)
    if found is None:
        found = session.attempts[provider_id] = Attempt()
    return found


def _kept_fresh(attempt: Attempt) -> tuple[Kind, ...]:
    """The tokens whose ends count: those that clusters are shown, and before there are any the ID token."""
    return attempt.shown or (Kind.ID,)


def _due_at(login: Login, attempt: Attempt, share: float) -> float:
    """When the next try is due, after failures and useless answers too."""
    moments = (
        max(renewal_due_at(login, kind, share=share), attempt.idle[kind].until if kind in attempt.idle else 0.0)
        for kind in _kept_fresh(attempt)
    )
    return max(attempt.not_before, min(moments))


def _login(session: ActiveSession, provider_id: str, login_id: str) -> Login:
    """The login as it stands now. Raises `SessionEnded`, `SignInAgain`."""
    if session.ended.is_set():
        raise SessionEnded("The session is over.")
    login = session.record.logins.get(provider_id)
    if login is None or login.id != login_id:
        raise SignInAgain("This sign-in has been replaced by another one.")
    return login


def _reason(attempt: Attempt, login: Login, now: float) -> SignInAgain | RenewalDelayed:
    """Why an expired token can't be renewed now."""
    if login.renewable and attempt.failures:
        return RenewalDelayed(
            "Your sign-in has to be renewed, and the identity provider does not answer.",
            retry_after=max(1.0, attempt.not_before - now),
        )
    if login.tokens.refresh_token is None:
        return SignInAgain(
            "Your sign-in has run out, and the identity provider gave nothing to renew it with.",
            remedy="Sign in again; what you see on the page stays. For sign-ins that last longer, your administrator "
            "should add offline_access to -oidc-scopes, where the identity provider knows it.",
        )
    return SignInAgain("Your sign-in has run out, and the identity provider does not renew it.")


def _same_token(record: Session, provider_id: str, login: Login) -> bool:
    """Whether the refresh token that was sent is still the stored one: else somebody newer has been here."""
    stored = record.logins.get(provider_id)
    return stored is not None and stored.id == login.id and stored.tokens.refresh_token == login.tokens.refresh_token


def _refused(record: Session, provider_id: str, login: Login) -> Session:
    if not _same_token(record, provider_id, login):
        return record
    return record.with_login(provider_id, msgspec.structs.replace(record.logins[provider_id], refused=True))


def _renewed(record: Session, provider_id: str, login: Login, renewed: Login) -> Session:
    return record.with_login(provider_id, renewed) if _same_token(record, provider_id, login) else record
