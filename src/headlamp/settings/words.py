"""Taking texts apart, and showing them in messages."""

from __future__ import annotations

import re


def words(value: str) -> tuple[str, ...]:
    """Comma- or space-separated words, in order, without duplicates."""
    return tuple(dict.fromkeys(word for word in re.split(r"[,\s]+", value) if word))


def quoted(value: str) -> str:
    """A value as it may be shown in a message: short, on one line, without the password that a URL may carry."""
    value = re.sub(r"://[^/?#]*@", "://***@", value)
    if len(value) > 80:
        value = value[:77] + "…"
    return '"' + value.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
