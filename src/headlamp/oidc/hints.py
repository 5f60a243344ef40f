"""A provider's error in our words: what it means here, and which setting it is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """`meaning` is a sentence about what happened, `remedy` what to do about it; it names the setting."""

    meaning: str
    remedy: str
