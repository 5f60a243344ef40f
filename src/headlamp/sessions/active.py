"""A session as this process knows it: its record, and the events that end what was opened with it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headlamp.oidc.token_rule import ID_TOKEN, TokenRule
from headlamp.sessions.cookie import Ticket
from headlamp.sessions.credential import LoginCredential, PastedCredential
from headlamp.sessions.ending import Ending
from headlamp.sessions.fitness import Fitness
from headlamp.sessions.lifetimes import Kind
from headlamp.sessions.record import Login, PastedToken, Session

if TYPE_CHECKING:
    from headlamp.clusters.credential import CredentialSource
    from headlamp.sessions.refresh import Renewals


@dataclass(slots=True)
class Idle:
    """A token that the last `answers` renewals in a row have not brought anew: nobody asks for it before `until`."""

    until: float = 0.0
    answers: int = 0


@dataclass(slots=True)
class Attempt:
    """How the renewal of one login goes: the one under way, and after a failure when the next may be.

    `shown` are the kinds of its tokens that clusters have been shown: those are kept fresh.
    """

    task: asyncio.Task[None] | None = None
    not_before: float = 0.0
    failures: int = 0
    shown: tuple[Kind, ...] = ()
    idle: dict[Kind, Idle] = field(default_factory=dict)


class ActiveSession:
    """One session, as long as anybody in this process holds it. Made by `Sessions`, there is one object a session.

    `record` is replaced as a whole when something changes, here or in another process. `seen` is when it was last
    used (the record's `last_seen` follows at most once a minute), `wake_at` when housekeeping looks at it next.
    """

    __slots__ = (
        "__weakref__",
        "_endings",
        "_fitness",
        "_key",
        "_lock",
        "_renewals",
        "attempts",
        "counted",
        "ended",
        "handle",
        "now",
        "record",
        "seen",
        "size",
        "version",
        "wake_at",
    )

    def __init__(
        self,
        ticket: Ticket,
        record: Session,
        *,
        version: int,
        size: int,
        renewals: Renewals,
        now: Callable[[], float],
    ) -> None:
        self.handle = ticket.handle
        self._key = ticket.key
        self.record = record
        self.version = version
        self.size = size
        self.seen = record.last_seen
        self.wake_at = 0.0
        self.ended = Ending()
        """Set once when the session is over: whatever was opened with it must close within a second."""
        self.counted = 0
        """The size under which the cache has it."""
        self.attempts: dict[str, Attempt] = {}
        # Made when somebody needs them: there may be ten thousand sessions, of which few are written at a time.
        self._lock: asyncio.Lock | None = None
        self._fitness: Fitness | None = None
        self._endings: dict[str, Ending] = {}
        self._renewals = renewals
        self.now = now

    def __repr__(self) -> str:
        return f"ActiveSession({self.record!r}, version={self.version}, ended={self.ended.is_set()})"

    @property
    def key(self) -> bytes:
        """The half of the record's key that the cookie carries."""
        return self._key

    @property
    def lock(self) -> asyncio.Lock:
        """Held by whoever writes the record."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    @property
    def fitness(self) -> Fitness:
        """What was found out about its tokens."""
        if self._fitness is None:
            self._fitness = Fitness()
        return self._fitness

    def admits(self, ticket: Ticket) -> bool:
        """Whether `ticket` is this session's, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(self._key, ticket.key)

    @property
    def logins(self) -> Mapping[str, Login]:
        """The sign-ins by provider id."""
        return self.record.logins

    @property
    def expires_at(self) -> float:
        """The absolute end of the session."""
        return self.record.expires_at

    @property
    def who(self) -> Mapping[str, Any]:
        """Claims to show the person by: the first sign-in's, else the first pasted token's; for showing only."""
        for login in self.record.logins.values():
            return login.display_claims
        for pasted in self.record.pasted.values():
            return pasted.claims
        return {}

    @property
    def share(self) -> float:
        """A number from 0 to 1 that is this session's own, and the same in every process: for taking turns."""
        return int.from_bytes(self.handle[:4], "big") / 2**32

    def credential_source(
        self, cluster: str, provider_id: str | None, rule: TokenRule = ID_TOKEN
    ) -> CredentialSource | None:
        """What proves this person to `cluster`: a token pasted for it, else the sign-in at `provider_id`, else None.

        `rule` says which token of the sign-in it is, and what that must claim.
        """
        pasted = self.pasted_for(cluster, provider_id)
        if pasted is not None:
            return PastedCredential(self, cluster, pasted.id)
        login = self.record.logins.get(provider_id) if provider_id is not None else None
        if provider_id is None or login is None:
            return None
        return LoginCredential(self, self._renewals, provider_id, login.id, rule)

    def pasted_for(self, cluster: str, provider_id: str | None) -> PastedToken | None:
        """The pasted token that goes before the sign-in at `provider_id`.

        One that has expired does only where there is no sign-in, to say so.
        """
        pasted = self.record.pasted.get(cluster)
        if pasted is None or (pasted.expired(self.now()) and provider_id in self.record.logins):
            return None
        return pasted

    def identity(self, credential_id: str) -> str:
        """An opaque name for this session's use of one credential; it tells nothing about either."""
        return hashlib.sha256(self.handle + credential_id.encode()).hexdigest()[:32]

    def ending(self, credential_id: str) -> Ending:
        """The event that ends what was opened with one credential; already set when the credential is gone."""
        event = self._endings.get(credential_id)
        if event is None:
            event = Ending()
            if self.ended.is_set() or credential_id not in self._credential_ids():
                event.set()
            else:
                self._endings[credential_id] = event
        return event

    def end_credential(self, credential_id: str) -> None:
        """One credential has run out for good; the session goes on."""
        self.ending(credential_id).set()

    def accept(self, record: Session, version: int, size: int) -> None:
        """Take over a newer record, and end what hung on credentials that it has no more."""
        self.record, self.version, self.size = record, version, size
        self.seen = max(self.seen, record.last_seen)
        self.wake_at = 0.0
        for gone in self._endings.keys() - self._credential_ids():
            self._endings.pop(gone).set()

    def finish(self) -> None:
        """The session is over, now."""
        self.ended.set()
        for event in self._endings.values():
            event.set()
        self._endings.clear()

    def _credential_ids(self) -> set[str]:
        logins, pasted = self.record.logins.values(), self.record.pasted.values()
        return {kind.credential_id(login.id) for login in logins for kind in Kind} | {token.id for token in pasted}
