"""How long the tokens of a sign-in last, and when each is due for renewal.

An ID token and an access token of one sign-in end at different times, and a renewal may bring only one of them anew.
"""

from __future__ import annotations

from enum import Enum

from headlamp.sessions.record import Login

# A request takes a moment to arrive, and clocks differ a little: a token's last moments are not used.
EXPIRY_LEEWAY_S = 5.0
LEEWAY_PART_OF_LIFETIME = 0.1
BEFORE_EXPIRY_S = 60.0
PART_OF_LIFETIME = 0.75
# A token may live for less than two minutes: half of its life is then early enough, and "60 s before" is not.
SHORTEST_PART_OF_LIFETIME = 0.5
# Sessions that began together are renewed one after another.
SPREAD_PART_OF_LIFETIME = 0.1
# An access token whose end nobody knows is renewed as if it lasted for an hour, as most do.
ASSUMED_LIFETIME_S = 3600.0


class Kind(Enum):
    """Which token of a sign-in a cluster is shown."""

    ID = "id_token"
    ACCESS = "access_token"

    @classmethod
    def of(cls, *, use_access_token: bool) -> Kind:
        return cls.ACCESS if use_access_token else cls.ID

    def credential_id(self, login_id: str) -> str:
        """What the use of this token is known by: streams with the one may go on when the other has run out."""
        return login_id if self is Kind.ID else f"{login_id} {self.value}"


def token(login: Login, kind: Kind) -> str:
    """The token itself."""
    return login.tokens.id_token if kind is Kind.ID else login.tokens.access_token


def expiry(login: Login, kind: Kind) -> float | None:
    """When the token ends (seconds since the epoch); None when nobody knows.

    One whose end nobody knows ends with the ID token once the provider has refused to renew the sign-in.
    """
    if kind is Kind.ID:
        return login.tokens.expires_at
    if login.tokens.access_expires_at is None and login.refused:
        return login.tokens.expires_at
    return login.tokens.access_expires_at


def renewal_due_at(login: Login, kind: Kind = Kind.ID, *, share: float = 0.0) -> float:
    """When to renew: at 75 % of the token's life or 60 s before its end, whichever is sooner, never before half.

    `share` (0 to 1) is the session's own: by how much of a tenth of the token's life it is renewed ahead of that.
    """
    ends = expiry(login, kind)
    lifetime = ASSUMED_LIFETIME_S if ends is None else max(0.0, ends - login.renewed_at)
    latest = min(PART_OF_LIFETIME * lifetime, lifetime - BEFORE_EXPIRY_S)
    wait = latest - share * SPREAD_PART_OF_LIFETIME * lifetime
    return login.renewed_at + max(wait, SHORTEST_PART_OF_LIFETIME * lifetime)


def is_usable(login: Login, kind: Kind, now: float) -> bool:
    """Whether a request that goes out now still arrives with a valid token."""
    ends = expiry(login, kind)
    if ends is None:
        return True
    lifetime = max(0.0, ends - login.renewed_at)
    return now < ends - min(EXPIRY_LEEWAY_S, LEEWAY_PART_OF_LIFETIME * lifetime)


def is_newer(newer: Login, older: Login, kind: Kind, now: float) -> bool:
    """Whether a renewal has been of use for this token: it lasts longer now, and can be sent."""
    ends, ended = expiry(newer, kind), expiry(older, kind)
    return is_usable(newer, kind, now) and (ends is None or ended is None or ends > ended)
