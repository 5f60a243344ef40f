"""Cookies: the session's own, those of sign-ins and sign-outs under way; their names, attributes and how they are read.

RFC 6265bis, section 4.1.3 (name prefixes) and 5.4 (the Cookie header). Scheme and port are those that the browser sees.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from headlamp.discreet import Discreet

ID_BYTES = 16
KEY_BYTES = 32
LOGIN_COOKIES = 5
LOGIN_MAX_AGE = 600
LOGOUT_MAX_AGE = 600

SIMPLE_BASE_URL = re.compile(r"[A-Za-z0-9_-]{1,16}")
LONGEST_VALUE = 4096


class Ticket(Discreet, frozen=True):
    """What the session cookie says: which session (`id`), and the half of its key that the server does not keep."""

    id: bytes
    key: bytes

    @property
    def handle(self) -> bytes:
        """The name of the session in a store. Lookups by this hash tell nothing, by their timing, about an id."""
        return hashlib.sha256(self.id).digest()

    def encode(self) -> str:
        """The cookie's value: 64 letters."""
        return base64.urlsafe_b64encode(self.id + self.key).decode()

    @classmethod
    def decode(cls, value: str) -> Ticket | None:
        """The ticket in a cookie's value, None when it isn't one."""
        if len(value) != (ID_BYTES + KEY_BYTES) * 4 // 3:
            return None
        try:
            raw = binascii.a2b_base64(value.replace("-", "+").replace("_", "/"), strict_mode=True)
        except ValueError:  # `binascii.Error` is one
            return None
        return cls(raw[:ID_BYTES], raw[ID_BYTES:]) if len(raw) == ID_BYTES + KEY_BYTES else None

    def __repr__(self) -> str:
        return "Ticket()"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie that carries a session: at most 100 bytes, name and all.

    Two instances on one host, under two base URLs or on two ports, have cookies of different names.
    `insecure` is `-insecure-cookie`: a cookie over plain http on any host.
    """

    base_url: str = ""
    insecure: bool = False

    def name(self, *, secure: bool, port: int) -> str:
        """`__Host-headlamp` under https; else a name with the port, since browsers share cookies among ports."""
        return _name("headlamp", self.base_url, secure=secure, port=port)

    def allowed(self, *, secure: bool, host: str) -> bool:
        """Whether there may be a session here: under https, on the machine itself, or if the administrator says so."""
        return secure or self.insecure or is_loopback(host)

    def issue(self, value: str, *, secure: bool, port: int, max_age: float) -> str:
        """The value of a Set-Cookie header that hands out the cookie for `max_age` seconds."""
        return _set_cookie(
            self.name(secure=secure, port=port), value, secure=secure, same_site="Strict", max_age=max_age
        )

    def clear(self, *, secure: bool, port: int) -> str:
        """The value of a Set-Cookie header that takes the cookie away."""
        return self.issue("", secure=secure, port=port, max_age=0)

    def find(self, headers: Iterable[str], *, secure: bool, port: int) -> str | None:
        """The cookie's value in a request's Cookie headers.

        None also when there are several of the name: one of them was put there by somebody else (a sibling host, a
        page on another path), and there is no telling which.
        """
        wanted = self.name(secure=secure, port=port)
        values = [value for name, value in pairs(headers) if name == wanted]
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class LoginCookies:
    """The cookies of sign-ins under way, at most five at once; each is sealed by the caller.

    `SameSite=Lax`, because the way back from the provider is a navigation from another site.
    """

    base_url: str = ""

    def name(self, slot: int, *, secure: bool, port: int) -> str:
        return _name(f"headlamp-login-{slot}", self.base_url, secure=secure, port=port)

    def issue(self, slot: int, value: str, *, secure: bool, port: int) -> str:
        """The value of a Set-Cookie header that keeps a sign-in for ten minutes."""
        name = self.name(slot, secure=secure, port=port)
        return _set_cookie(name, value, secure=secure, same_site="Lax", max_age=LOGIN_MAX_AGE)

    def clear(self, slot: int, *, secure: bool, port: int) -> str:
        """The value of a Set-Cookie header that takes one away."""
        name = self.name(slot, secure=secure, port=port)
        return _set_cookie(name, "", secure=secure, same_site="Lax", max_age=0)

    def find(self, headers: Iterable[str], *, secure: bool, port: int) -> dict[int, str]:
        """Values by slot; a slot that comes twice is left out."""
        slots = {self.name(slot, secure=secure, port=port): slot for slot in range(1, LOGIN_COOKIES + 1)}
        found: dict[int, str] = {}
        doubtful: set[int] = set()
        for name, value in pairs(headers):
            slot = slots.get(name)
            if slot is None:
                continue
            if slot in found:
                doubtful.add(slot)
            found[slot] = value
        return {slot: value for slot, value in found.items() if slot not in doubtful}

    def choose(self, started: Mapping[int, float], *, random_below: Callable[[int], int] = secrets.randbelow) -> int:
        """The slot for a new sign-in, given when each live one `started`: a free one, else the oldest one's.

        Any free one, and not the first: tabs that start at the same moment know nothing of each other.
        """
        free = [slot for slot in range(1, LOGIN_COOKIES + 1) if slot not in started]
        if free:
            return free[random_below(len(free))]
        return min(started, key=lambda slot: started[slot])


@dataclass(frozen=True, slots=True)
class LogoutCookie:
    """The cookie of a sign-out on its way through the provider; sealed by the caller. The last one counts.

    `SameSite=Lax`, as for sign-ins: the way back is a navigation from another site.
    """

    base_url: str = ""

    def name(self, *, secure: bool, port: int) -> str:
        return _name("headlamp-logout", self.base_url, secure=secure, port=port)

    def issue(self, value: str, *, secure: bool, port: int, max_age: float = LOGOUT_MAX_AGE) -> str:
        """The value of a Set-Cookie header that keeps a sign-out for ten minutes."""
        name = self.name(secure=secure, port=port)
        return _set_cookie(name, value, secure=secure, same_site="Lax", max_age=max_age)

    def clear(self, *, secure: bool, port: int) -> str:
        """The value of a Set-Cookie header that takes it away."""
        return self.issue("", secure=secure, port=port, max_age=0)

    def find(self, headers: Iterable[str], *, secure: bool, port: int) -> str | None:
        """The cookie's value; None when there are several, of which one must be somebody else's."""
        wanted = self.name(secure=secure, port=port)
        values = [value for name, value in pairs(headers) if name == wanted]
        return values[0] if len(values) == 1 else None


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether `host` (without port; IPv6 with or without brackets) is this machine and no other."""
    name = host.strip("[]").removesuffix(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def pairs(headers: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Names and values as the browser sent them, repeated ones included."""
    for header in headers:
        for part in header.split(";"):
            name, equals, value = part.strip(" \t").partition("=")
            if equals and len(value) <= LONGEST_VALUE:
                yield name, value


@lru_cache(maxsize=256)
def _name(stem: str, base_url: str, *, secure: bool, port: int) -> str:
    suffix = _suffix(base_url)
    return f"__Host-{stem}{suffix}" if secure else f"{stem.replace('headlamp', f'headlamp-{port}', 1)}{suffix}"


def _suffix(base_url: str) -> str:
    path = base_url.strip("/")
    if not path:
        return ""
    # A simple path speaks for itself; "login-1" and "logout" are what names of other cookies end on.
    if SIMPLE_BASE_URL.fullmatch(path) and not path.startswith(("login-", "logout")):
        return f"-{path}"
    return f"-{hashlib.sha256(path.encode()).hexdigest()[:8]}"


def _set_cookie(name: str, value: str, *, secure: bool, same_site: str, max_age: float) -> str:
    # No Domain, and Path=/: what the __Host- prefix demands, and the same for the plain cookie.
    attributes = f"Path=/; Max-Age={max(0, int(max_age))}; HttpOnly; SameSite={same_site}"
    return f"{name}={value}; {attributes}; Secure" if secure else f"{name}={value}; {attributes}"
