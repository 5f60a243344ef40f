"""Ages as kubectl prints them, and the instants that they stand for.

The API server prints "3h12m" for the moment of its answer. An instant stays true, so that is what we keep and send.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import floor

from headlamp.live.protocol import Cell, Instant

DIGITS = "[0-9]{1,15}"
"""A number within a text, as a regular expression. One with more digits is read as text wherever cells are compared:
what a double can't hold is no number of anything, and Python refuses to work with it."""

_DURATION = re.compile("".join(f"(?:({DIGITS}){unit})?" for unit in "ydhms"))
_WITH_AGE = re.compile(r"(.*) \(([0-9ydhms]+) ago\)", re.ASCII)
_SECONDS = (365 * 86400, 86400, 3600, 60, 1)

# The built-in printers give their ages the type "string", so that the name has to tell. Custom resources use "date".
_AGE_NAMES = frozenset({"age", "last seen", "first seen", "last schedule", "created at"})
_TEXT_WITH_AGE_NAMES = frozenset({"restarts"})
_SLACK = 2.0
# What is older than history is no age: 30,000 years.
_OLDEST = 10**12


def holds_ages(name: str, kind: str) -> bool:
    """Whether the cells of a column of this name and type are ages (or timestamps)."""
    return kind == "date" or name.lower() in _AGE_NAMES


def holds_text_with_age(name: str) -> bool:
    """Whether cells read like "5 (2m ago)": a number that is stored, and the age of its last change."""
    return name.lower() in _TEXT_WITH_AGE_NAMES


def seconds_of(text: str) -> int | None:
    """The length of "2y10d", "5d4h", "3h12m" or "45s"; None for what is no age ("<unknown>", "<invalid>", "")."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    seconds = sum(int(part) * length for part, length in zip(match.groups(), _SECONDS, strict=True) if part)
    return seconds if seconds < _OLDEST else None


def instant_of(cell: Cell, now: float, skew: float = 0.0) -> Cell:
    """The instant, by our clock, of an age or an RFC 3339 timestamp; any other cell as it is.

    Creation times are whole seconds, so for an age that is printed to the second the floor is exactly right. `skew` is
    how many seconds our clock is ahead of the one that wrote the timestamp; an age needs no such correction, since it
    was worked out by that clock alone.
    """
    if not isinstance(cell, str) or not cell:
        return cell
    if (age := seconds_of(cell)) is not None:
        return Instant(at=floor(now - age))
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    return Instant(at=floor(moment.timestamp() + skew)) if moment.tzinfo else cell


def text_with_instant_of(cell: Cell, now: float) -> Cell:
    """ "5 (2m ago)" taken apart; any other cell as it is."""
    if isinstance(cell, str) and (match := _WITH_AGE.fullmatch(cell)):
        age = seconds_of(match[2])
        if age is not None:
            return Instant(text=match[1], at=floor(now - age))
    return cell


def unit_of(age: float) -> int:
    """How coarsely kubectl prints an age of so many seconds: the size of the last unit that it shows, in seconds."""
    if age < 600:
        return 1
    if age < 8 * 3600:
        return 60
    if age < 8 * 86400:
        return 3600
    return 86400 if age < 8 * 365 * 86400 else 365 * 86400


def same_instant(old: Instant, new: Instant, now: float) -> bool:
    """Whether two readings can be the same moment, given how coarse ages of that length are printed."""
    return old.text == new.text and abs(old.at - new.at) <= unit_of(now - new.at) + _SLACK


def refined(old: Instant, new: Instant, now: float) -> Instant:
    """What is known of a moment after two readings of it; `new` where they can't be of one moment.

    A printed age is rounded down, so each reading is up to one unit later than the truth, and the earlier one is the
    better. It is another one than the first only when the printed text has gone on to its next unit by now, so that a
    list which is read again does not seem to change every row a little.
    """
    return old if same_instant(old, new, now) and new.at >= old.at - _SLACK else new
