"""What an answer other than 200 means for a reader of rows."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from headlamp.clusters.transport import UpstreamResponse
from headlamp.live.errors import (
    BadSelector,
    BrokenStream,
    Busy,
    CannotPrint,
    CannotWatch,
    Forbidden,
    Gone,
    NoSuchKind,
    Overloaded,
    Rejected,
)
from headlamp.live.listings import status_in
from headlamp.problems import Problem

MAX_REFUSAL_BYTES = 64 * 1024


async def refusal_in(response: UpstreamResponse, now: float, *, watch: bool) -> Problem:
    """What an answer other than 200 means for a reader of rows; the cluster's own words are the message."""
    status = response.status
    message = status_in(await response.read(MAX_REFUSAL_BYTES)).message
    said = message or f"The cluster answered {status} {response.reason}.".replace(" .", ".")
    match status:
        case 401:
            return Rejected("The cluster does not accept the token that it was sent (401).")
        case 403:
            return Forbidden(said)
        case 404:
            # A kind that can be listed but not watched answers 405 or, at some aggregated APIs, 404.
            return CannotWatch(said) if watch else NoSuchKind(said)
        case 405:
            return CannotWatch(said) if watch else NoSuchKind(said)
        case 406:
            return CannotPrint(said)
        case 410:
            return Gone(said)
        case 400 | 422:
            return BrokenStream(said) if watch else BadSelector(said)
        case 429:
            return Overloaded(said, retry_after=_retry_after(response.headers.get("Retry-After", ""), now))
        case _:
            return Busy(said, retry_after=_retry_after(response.headers.get("Retry-After", ""), now))


def _retry_after(value: str, now: float) -> float | None:
    """The wait that a server asks for, in seconds or as a date (RFC 9110, section 10.2.3); at most ten minutes.

    `now` is by the server's clock, if that is known.
    """
    if value.isascii() and value.isdigit():
        return min(float(value), 600.0)
    moment = moment_of(value)
    return None if moment is None else min(max(moment - now, 0.0), 600.0)


def moment_of(date: str) -> float | None:
    """A date of HTTP (RFC 9110, section 5.6.7) in seconds since the epoch."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
