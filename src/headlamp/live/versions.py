"""Resource versions, as far as they can be compared: an API server's are numbers of 64 bits, others may be anything."""

from __future__ import annotations

_MOST_DIGITS = 20


def is_number(version: str) -> bool:
    """Whether it can be compared with others."""
    return len(version) <= _MOST_DIGITS and version.isascii() and version.isdigit()


def is_before(version: str, other: str) -> bool:
    """Whether a version is older than another; False where they can't be compared."""
    return is_number(version) and is_number(other) and int(version) < int(other)
