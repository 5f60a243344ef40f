"""Sign-ins under way, each sealed in a cookie of its own: nothing is kept here, so any replica can finish one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from headlamp.oidc.errors import TransactionUnknown
from headlamp.oidc.transaction import LIFETIME, Transaction
from headlamp.sessions.cookie import LoginCookies, Ticket
from headlamp.sessions.errors import BadSeal
from headlamp.sessions.sealing import Sealer
from headlamp.web.gate import ORIGIN

PURPOSE = "sign-in transaction"
NO_TICKET = b"\0"
TICKET = b"\1"
TICKET_BYTES = 48


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sign-in that this browser started; `session` is the value of the session cookie that it had then.

    The session cookie is SameSite=Strict, so it does not come along from the provider: without this the other
    sign-ins of the session could not move over to the new one.
    """

    slot: int
    transaction: Transaction
    session: str | None


class Transactions:
    """Reads and writes the cookies of sign-ins under way."""

    def __init__(self, sealer: Sealer, cookies: LoginCookies) -> None:
        self._sealer = sealer
        self._cookies = cookies

    def keep(self, request: web.Request, answer: web.Response, transaction: Transaction, session: str | None) -> None:
        """Give the browser one more; the oldest goes when there are five."""
        origin = request[ORIGIN]
        started = {one.slot: float(one.transaction.created_at) for one in self._all(request)}
        slot = self._cookies.choose(started)
        ticket = TICKET + base64.urlsafe_b64decode(session) if session and Ticket.decode(session) else NO_TICKET
        sealed = self._sealer.seal(PURPOSE, ticket + transaction.encode())
        value = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        answer.headers.add("Set-Cookie", self._cookies.issue(slot, value, secure=origin.secure, port=origin.port))

    def of_state(self, request: web.Request, state: str, now: float) -> UnderWay:
        """The sign-in that the provider answers. Raises `TransactionUnknown` when this browser did not start it."""
        for one in self._all(request):
            if one.transaction.state == state and now - one.transaction.created_at <= LIFETIME:
                return one
        raise TransactionUnknown("invalid request: this browser has no sign-in of that state under way.")

    def latest(self, request: web.Request, now: float) -> UnderWay | None:
        """The sign-in that was started last and has not come back, None when there is none."""
        live = [one for one in self._all(request) if now - one.transaction.created_at <= LIFETIME]
        return max(live, key=lambda one: one.transaction.created_at, default=None)

    def drop(self, request: web.Request, answer: web.StreamResponse, slot: int) -> None:
        """Take one away: it is finished, or it failed."""
        origin = request[ORIGIN]
        answer.headers.add("Set-Cookie", self._cookies.clear(slot, secure=origin.secure, port=origin.port))

    def _all(self, request: web.Request) -> Iterator[UnderWay]:
        origin = request[ORIGIN]
        found = self._cookies.find(request.headers.getall("Cookie", []), secure=origin.secure, port=origin.port)
        for slot, value in found.items():
            try:
                raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
                plain = self._sealer.open(PURPOSE, raw)
                yield self._read(slot, plain)
            except (BadSeal, binascii.Error, ValueError, TransactionUnknown):
                continue  # somebody else's, or of an earlier secret: as if it were not there

    def _read(self, slot: int, plain: bytes) -> UnderWay:
        if plain[:1] == TICKET:
            ticket = base64.urlsafe_b64encode(plain[1 : 1 + TICKET_BYTES]).decode()
            return UnderWay(slot, Transaction.decode(plain[1 + TICKET_BYTES :]), ticket)
        return UnderWay(slot, Transaction.decode(plain[1:]), None)
