"""What a list of sessions shows of each: kept beside the record, and sealed by the server alone.

A record opens only with the key in its own cookie, so nobody could list it from another browser. A label has no token
in it, and nothing that opens anything.
"""

from __future__ import annotations

import msgspec

from headlamp.sessions.errors import BadSeal
from headlamp.sessions.record import Session
from headlamp.sessions.sealing import Sealer

PURPOSE = "session label"


class Label(msgspec.Struct, frozen=True, array_like=True):
    """Times are seconds since the epoch, `expires_at` is the absolute end, `providers` are ids."""

    created_at: float
    last_seen: float
    expires_at: float
    user_agent: str
    providers: tuple[str, ...]


def seal_label(sealer: Sealer, record: Session, *, handle: bytes) -> bytes:
    """The sealed label of `record`, good for the row `handle` and no other."""
    label = Label(record.created_at, record.last_seen, record.expires_at, record.user_agent, tuple(record.logins))
    return sealer.seal(PURPOSE, msgspec.msgpack.encode(label), aad=handle)


def open_label(sealer: Sealer, sealed: bytes, *, handle: bytes) -> Label | None:
    """The label; None for a row of another release, or one that was tampered with."""
    try:
        return msgspec.msgpack.decode(sealer.open(PURPOSE, sealed, aad=handle), type=Label)
    except (BadSeal, msgspec.MsgspecError):
        return None
