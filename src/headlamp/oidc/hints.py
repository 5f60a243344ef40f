"""What went wrong in our words: what a provider's error means here, and which setting it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """`meaning` is a sentence about what happened, `remedy` what to do about it; it names the setting."""

    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class IssuerSlip:
    """A slip with an issuer URL, whichever setting holds it.

    `meaning` is a sentence about it, "" where there is nothing to say. `issuer` is what should be set instead, "" where
    that would not help; `clause` goes on with that sentence, and `further` are sentences after it.
    """

    meaning: str = ""
    issuer: str = ""
    clause: str = ""
    further: str = ""

    def remedy(self, set_to: Callable[[str], str]) -> str:
        """What to do; `set_to` makes of an issuer the beginning of a sentence such as "Set -x=https://…"."""
        first = f"{set_to(self.issuer)}{self.clause}." if self.issuer else ""
        return f"{first} {self.further}".strip()
