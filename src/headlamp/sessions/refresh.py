"""Renewal of a session's tokens: ahead of expiry, once however many requests and processes want it.

OpenID Connect Core 1.0, section 12; RFC 6749, section 6. A failure that may pass never ends a session.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
import structlog

from headlamp.clusters.credential import Bearer
from headlamp.oidc.errors import ProviderUnavailable, RefreshMismatch, RefreshRefused
from headlamp.oidc.tokens import Tokens
from headlamp.sessions.active import ActiveSession, Attempt
from headlamp.sessions.errors import RenewalDelayed, SessionEnded, SignInAgain, StoreUnavailable
from headlamp.sessions.record import Login, Session
from headlamp.sessions.store import SessionStore

# A request takes a moment to arrive, and clocks differ a little: a token's last moments are not used.
EXPIRY_LEEWAY_S = 5.0
LEEWAY_PART_OF_LIFETIME = 0.1
BEFORE_EXPIRY_S = 60.0
PART_OF_LIFETIME = 0.75
# A token may live for less than two minutes: half of its life is then early enough, and "60 s before" is not.
SHORTEST_PART_OF_LIFETIME = 0.5
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
# A provider may answer without a new ID token, or with one that is of no use here and now.
AFTER_USELESS_ANSWER_S = 5.0
# Longer than a provider is given to answer, discovery and keys included.
LEASE_S = 45.0
LEASE_POLL_S = 0.2

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
    async def end(self, session: ActiveSession) -> bool: ...


def renewal_due_at(login: Login) -> float:
    """When to renew: at 75 % of the tokens' life or 60 s before its end, whichever is sooner, never before half."""
    lifetime = max(0.0, login.tokens.expires_at - login.renewed_at)
    wait = min(PART_OF_LIFETIME * lifetime, lifetime - BEFORE_EXPIRY_S)
    return login.renewed_at + max(wait, SHORTEST_PART_OF_LIFETIME * lifetime)


def is_usable(login: Login, now: float) -> bool:
    """Whether a request that goes out now still arrives with a valid token."""
    lifetime = max(0.0, login.tokens.expires_at - login.renewed_at)
    return now < login.tokens.expires_at - min(EXPIRY_LEEWAY_S, LEEWAY_PART_OF_LIFETIME * lifetime)


class Renewals:
    """Renews the logins of sessions. `owner` names this process in leases."""

    def __init__(
        self,
        records: Records,
        store: SessionStore,
        providers: Mapping[str, Renewer],
        *,
        owner: bytes,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._records = records
        self._store = store
        self._providers = providers
        self._owner = owner
        self._now = now
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def bearer(self, session: ActiveSession, provider_id: str, login_id: str) -> Bearer:
        """The token to send now; waits for a renewal only when the old token can't be used any more.

        Raises `SessionEnded`, `SignInAgain` (no way to renew), `RenewalDelayed` (the provider does not answer).
        """
        while True:
            login = _login(session, provider_id, login_id)
            now = self._now()
            renewal = self.begin_if_due(session, provider_id)
            if is_usable(login, now):
                return Bearer(login.tokens.id_token, login.tokens.expires_at)
            if renewal is None:
                raise _reason(session, provider_id, login, now)
            # Shielded: whoever stops waiting (a closed tab) must not stop it for the others.
            await asyncio.shield(renewal)

    def begin_if_due(self, session: ActiveSession, provider_id: str) -> asyncio.Task[None] | None:
        """The renewal under way, begun now if it is time; None when it isn't, or when there is no way."""
        login = session.record.logins.get(provider_id)
        if login is None or session.ended.is_set() or self._closed:
            return None
        attempt = session.attempts.setdefault(provider_id, Attempt())
        if attempt.task is not None:
            return attempt.task
        now = self._now()
        if not login.renewable or now < attempt.not_before or now < renewal_due_at(login):
            return None
        task = asyncio.create_task(self._renew(session, provider_id, login, attempt), name="renew tokens")
        attempt.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def next_moment(self, session: ActiveSession, provider_id: str, login: Login) -> float:
        """When housekeeping should look at this login next."""
        attempt = session.attempts.get(provider_id, Attempt())
        return max(attempt.not_before, renewal_due_at(login)) if login.renewable else login.tokens.expires_at

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
            self._failed(attempt, problem.code, problem.retry_after)
        except Exception as unexpected:
            log.exception("unexpected error in a renewal", exception=type(unexpected).__name__)
            self._failed(attempt, "internal", None)
        else:
            attempt.failures = 0
            now = self._now()
            newer = session.record.logins.get(provider_id, login)
            useful = newer.tokens.expires_at > login.tokens.expires_at and is_usable(newer, now)
            attempt.not_before = 0.0 if useful else now + AFTER_USELESS_ANSWER_S
        finally:
            attempt.task = None
            session.wake_at = 0.0

    async def _renew_leased(self, session: ActiveSession, provider_id: str, login: Login) -> None:
        """Renew under the lease, or wait for the process that holds it and use what it got."""
        name = session.handle + provider_id.encode()
        while not await self._store.lease(name, self._owner, now=self._now(), seconds=LEASE_S):
            await self._sleep(LEASE_POLL_S)
            await self._records.reload(session)
            if _login(session, provider_id, login.id) != login:
                return
        try:
            # Another process may have renewed it just before we got the lease.
            await self._records.reload(session)
            if _login(session, provider_id, login.id) == login:
                await self._ask(session, provider_id, login)
        finally:
            with contextlib.suppress(StoreUnavailable):
                await self._store.release(name, self._owner)

    async def _ask(self, session: ActiveSession, provider_id: str, login: Login) -> None:
        provider = self._providers.get(provider_id)
        if provider is None:
            # A provider that a kubeconfig names can go and come back with the file.
            raise ProviderUnavailable("The identity provider of this sign-in is not configured at the moment.")
        try:
            tokens = await provider.refresh(login.tokens, subject=login.subject, claims=login.claims)
        except RefreshRefused:
            await self._records.update(session, lambda record: _refused(record, provider_id, login))
            log.info("renewal refused", provider=provider_id)
        except RefreshMismatch as mismatch:
            log.critical("renewed tokens are for somebody else", provider=provider_id, claim=mismatch.claim)
            await self._records.end(session)
        else:
            renewed = msgspec.structs.replace(login, tokens=tokens, renewed_at=self._now())
            try:
                await self._records.update(session, lambda record: _renewed(record, provider_id, login, renewed))
            except StoreUnavailable:
                # The old refresh token may be spent, so the new one must not be lost: the next write takes it along.
                session.record = _renewed(session.record, provider_id, login, renewed)
                log.warning("renewed tokens could not be stored yet", provider=provider_id)

    def _failed(self, attempt: Attempt, code: str, retry_after: float | None) -> None:
        attempt.failures += 1
        wait = min(LONGEST_RETRY_S, max(FIRST_RETRY_S * 2.0 ** (attempt.failures - 1), retry_after or 0.0))
        attempt.not_before = self._now() + wait
        log.warning("renewal failed, to be tried again", code=code, failures=attempt.failures, wait_s=wait)


def _login(session: ActiveSession, provider_id: str, login_id: str) -> Login:
    """The login as it stands now. Raises `SessionEnded`, `SignInAgain`."""
    if session.ended.is_set():
        raise SessionEnded("The session is over.")
    login = session.record.logins.get(provider_id)
    if login is None or login.id != login_id:
        raise SignInAgain("This sign-in has been replaced by another one.")
    return login


def _reason(session: ActiveSession, provider_id: str, login: Login, now: float) -> SignInAgain | RenewalDelayed:
    """Why an expired token can't be renewed now."""
    attempt = session.attempts.get(provider_id)
    if login.renewable and attempt is not None and attempt.failures:
        return RenewalDelayed(
            "Your sign-in has to be renewed, and the identity provider does not answer.",
            retry_after=max(1.0, attempt.not_before - now),
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
