"""The list of one's own sessions: those that share a verified sign-in with the one that asks."""

from __future__ import annotations

from dataclasses import dataclass, field

from headlamp.sessions.active import ActiveSession
from headlamp.sessions.label import Label
from headlamp.sessions.ledger import Ledger

MOST = 200


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session as its owner sees it.

    `id` is stable, and no way into anything: neither the cookie's id nor the store's name for the session can be
    computed from it. Times are seconds since the epoch, `providers` are ids.
    """

    id: str
    current: bool
    user_agent: str
    created_at: float
    last_seen: float
    expires_at: float
    providers: tuple[str, ...]
    handle: bytes = field(repr=False)


async def own_sessions(ledger: Ledger, session: ActiveSession, *, now: float, idle: float) -> list[OwnSession]:
    """All sessions of the person that `session` is of, itself included, those used last first; at most `MOST`.

    Whose it is, is decided by issuer and subject of its ID tokens. A session of pasted tokens alone has neither, and
    so sees only itself. Raises `StoreUnavailable`.
    """
    found: dict[bytes, Label] = {}
    for issuer, subject in {(login.issuer, login.subject) for login in session.logins.values()}:
        found |= await ledger.labels(ledger.index("sub", issuer, subject))
    record = session.record
    found[session.handle] = Label(
        record.created_at, session.seen, record.expires_at, record.user_agent, tuple(record.logins)
    )
    rows = [_row(ledger, handle, label, session) for handle, label in found.items()]
    alive = [row for row in rows if row.current or (now < row.expires_at and now - row.last_seen < idle)]
    alive.sort(key=lambda row: (row.current, row.last_seen), reverse=True)
    return alive[:MOST]


def _row(ledger: Ledger, handle: bytes, label: Label, asking: ActiveSession) -> OwnSession:
    at_hand = ledger.at_hand(handle)
    return OwnSession(
        id=ledger.public_id(handle),
        current=handle == asking.handle,
        user_agent=label.user_agent,
        created_at=label.created_at,
        last_seen=label.last_seen if at_hand is None else max(label.last_seen, at_hand.seen),
        expires_at=label.expires_at,
        providers=label.providers,
        handle=handle,
    )
