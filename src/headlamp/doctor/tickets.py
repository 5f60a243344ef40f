"""Tickets with which a check asks the running server how a request has arrived there, after an ingress was at it."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable

import msgspec

from headlamp.sessions.errors import BadSeal
from headlamp.sessions.sealing import Sealer

HEADER = "X-Headlamp-Probe"
"""The request header that a ticket travels in."""
PATH = "/api/doctor/ingress"
"""The endpoint, below the base URL."""
PADDING = "padding"
"""Query parameter: how many bytes the answer's head should be padded with."""
MOST_PADDING = 4096
LIFETIME_S = 60.0

_PURPOSE = "ingress probe"


class ProbeTickets:
    """Issues and recognises tickets, by the secret of the installation: any of its servers answers, and no other.

    A ticket is good for a minute. It gives nothing but a look at the request that carries it.
    """

    def __init__(self, sealer: Sealer, *, now: Callable[[], float] = time.time) -> None:
        self._sealer = sealer
        self._now = now

    def issue(self) -> str:
        """A ticket, good from now on."""
        sealed = self._sealer.seal(_PURPOSE, msgspec.msgpack.encode(self._now()))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def admits(self, ticket: str) -> bool:
        """Whether a server of this installation has issued `ticket` within the last minute."""
        try:
            sealed = base64.b64decode(ticket + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
            issued = msgspec.msgpack.decode(self._sealer.open(_PURPOSE, sealed), type=float)
        except (ValueError, binascii.Error, BadSeal, msgspec.MsgspecError):
            return False
        # Two machines that share the secret don't quite share the time.
        return abs(self._now() - issued) <= LIFETIME_S


class SeenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it arrived at the server. `external` is the address that it concludes the browser has.

    `trusted` is whether the peer is one of `-trusted-proxies`; the `forwarded_…` are the headers as they came, empty
    where there is none. `cookie_bytes` is the length of all Cookie headers together.
    """

    external: str
    certain: bool
    peer: str
    trusted: bool
    host: str
    forwarded_proto: str
    forwarded_host: str
    forwarded_for: str
    cookie_bytes: int
