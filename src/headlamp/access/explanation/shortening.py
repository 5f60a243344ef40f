"""Claims as they are shown: no longer than a person reads, and without any token that sits in them."""

from __future__ import annotations

from typing import Any

from headlamp.telemetry.jwts import without_jwts

LONGEST_TEXT = 300
MOST_ITEMS = 25
MOST_MEMBERS = 80
DEEPEST = 6

# Claims may carry tokens of other services: OpenID Connect Core 1.0, section 5.6.2 (`JWT`, `access_token`).
_HOLDS_A_TOKEN = frozenset({"jwt", "access_token", "id_token", "refresh_token", "token", "client_secret", "password"})


def shortened(value: Any, *, depth: int = 0) -> Any:
    """`value` (decoded JSON) with long texts cut, long lists counted, and tokens replaced by a word about them."""
    match value:
        case str():
            return shortened_text(value)
        case list():
            if depth >= DEEPEST:
                return f"… ({len(value):,} items)"
            shown = [shortened(item, depth=depth + 1) for item in value[:MOST_ITEMS]]
            return [*shown, f"… and {len(value) - MOST_ITEMS:,} more"] if len(value) > MOST_ITEMS else shown
        case dict():
            if depth >= DEEPEST:
                return f"… ({len(value):,} members)"
            members = {
                shortened_text(str(name)): _member(str(name), inner, depth)
                for name, inner in list(value.items())[:MOST_MEMBERS]
            }
            return members | {"…": f"and {len(value) - MOST_MEMBERS:,} more"} if len(value) > MOST_MEMBERS else members
        case _:
            return value


def shortened_text(value: str) -> str:
    """A text of at most about `LONGEST_TEXT` characters, with a word in place of each JWT in it."""
    value = without_jwts(value, "(a token, not shown)")
    return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… ({len(value):,} characters)"


def in_words(value: Any) -> str:
    """A claim's value as one line; a missing one is said to be missing."""
    match value:
        case None:
            return "(missing)"
        case str():
            return shortened_text(value) or "(empty)"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return shortened_text(str(value))
        case list() if all(isinstance(item, str) for item in value):
            return _listed(value)
        case list():
            return f"a list of {len(value):,} items"
        case _:
            return f"an object of {len(value):,} members"


def _listed(items: list[str]) -> str:
    shown = ", ".join(shortened_text(item) for item in items[:5])
    more = f" and {len(items) - 5:,} more" if len(items) > 5 else ""
    return f"{shown}{more}" if items else "(an empty list)"


def _member(name: str, value: Any, depth: int) -> Any:
    if name.lower() in _HOLDS_A_TOKEN and isinstance(value, str):
        return "(not shown)"
    return shortened(value, depth=depth + 1)
