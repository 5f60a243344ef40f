"""JWTs in the middle of any text, found in one reading of it."""

from __future__ import annotations

import re
from typing import Final

# One run of a token's characters at a time. A pattern for the whole token would look for its end anew at each "eyJ",
# and a text that anybody sends can be nothing else: half a megabyte of that takes many minutes.
_RUN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_BEGINNING: Final = "eyJ"
"""`{"` in base64url, and with it the first letters of every header (RFC 7519, section 3.1)."""
_SHORTEST_HEADER: Final = 9


def without_jwts(text: str, word: str) -> str:
    """`text` with `word` in the place of each JWT: what begins like a header and goes on after a dot."""
    if _BEGINNING not in text:
        return text
    return _RUN.sub(lambda run: _cut(run[0], word), text)


def _cut(run: str, word: str) -> str:
    begins = 0
    for part in run.split(".")[:-1]:
        header = part.find(_BEGINNING)
        if header >= 0 and len(part) - header >= _SHORTEST_HEADER:
            return run[: begins + header] + word
        begins += len(part) + 1
    return run
