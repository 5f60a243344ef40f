"""Sign-outs on their way through the provider, each sealed in the browser's own cookie: nothing is kept here."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable

import msgspec
from aiohttp import web

from headlamp.discreet import Discreet
from headlamp.oidc.pkce import same_text, unguessable
from headlamp.sessions.cookie import LOGOUT_MAX_AGE, LogoutCookie
from headlamp.sessions.errors import BadSeal
from headlamp.sessions.sealing import Sealer
from headlamp.web.gate import ORIGIN

PURPOSE = "sign-out"
STATE_BYTES = 16
LONGEST_NAME = 80
MOST_NAMES = 5


class SignOut(Discreet, frozen=True, array_like=True):
    """What has to be known when the browser comes back: `provider` is where it went, `kept` who was not asked.

    Both are display names. `state` tells that it is this browser's own sign-out (RP-Initiated Logout 1.0, section 3).
    """

    state: str
    provider: str
    kept: tuple[str, ...]
    created_at: float

    def __repr__(self) -> str:
        return f"SignOut(provider={self.provider!r}, kept={self.kept!r})"


class SignOuts:
    """Reads and writes the cookie of a sign-out under way."""

    def __init__(
        self, sealer: Sealer, cookie: LogoutCookie, *, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._sealer = sealer
        self._cookie = cookie
        self._random = random

    def new_state(self) -> str:
        """A state of 128 bits."""
        return unguessable(self._random, STATE_BYTES)

    def keep(self, request: web.Request, answer: web.StreamResponse, sign_out: SignOut) -> None:
        """Give it to the browser, in place of an earlier one."""
        origin = request[ORIGIN]
        short = msgspec.structs.replace(
            sign_out,
            provider=sign_out.provider[:LONGEST_NAME],
            kept=tuple(name[:LONGEST_NAME] for name in sign_out.kept[:MOST_NAMES]),
        )
        sealed = self._sealer.seal(PURPOSE, msgspec.msgpack.encode(short))
        value = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        answer.headers.add("Set-Cookie", self._cookie.issue(value, secure=origin.secure, port=origin.port))

    def of_state(self, request: web.Request, state: str, now: float) -> SignOut | None:
        """The sign-out that the provider answers; None when this browser has none of this state under way."""
        origin = request[ORIGIN]
        value = self._cookie.find(request.headers.getall("Cookie", []), secure=origin.secure, port=origin.port)
        if not value or not state:
            return None
        try:
            raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            sign_out = msgspec.msgpack.decode(self._sealer.open(PURPOSE, raw), type=SignOut)
        except (BadSeal, binascii.Error, ValueError, msgspec.MsgspecError):
            return None
        if not same_text(state, sign_out.state) or now - sign_out.created_at > LOGOUT_MAX_AGE:
            return None
        return sign_out

    def drop(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Take it away: the browser is back."""
        origin = request[ORIGIN]
        answer.headers.add("Set-Cookie", self._cookie.clear(secure=origin.secure, port=origin.port))
