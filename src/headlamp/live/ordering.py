"""Sorting by what cells mean: numbers in names, quantities, ages, shares of what should be ready.

The page sorts shorter lists itself (`ui/src/list/sort.ts`); `tests/vectors/order.json` holds both to the same order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import UNSET

from headlamp.live.ages import DIGITS
from headlamp.live.protocol import Cell, Column, Instant

SortKey = int | float | str
Sense = Literal["plain", "duration"]

_SUFFIXES = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}
_UNITS = {"y": 31_536_000, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_QUANTITY = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(n|u|m|k|K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FRACTION = re.compile(f"({DIGITS})/({DIGITS})")
_AGE = re.compile(f"(?:{DIGITS}[ydhms])+")
_PERCENT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)%")
_DIGITS = re.compile(r"[0-9]+")
_DURATION_NAMES = re.compile(r"\b(?:age|duration|seen|schedule|uptime|elapsed)\b", re.IGNORECASE | re.ASCII)


def sense_of(column: Column) -> Sense:
    """Whether a column's texts are durations, by its name: the API server sends them as plain strings."""
    return "duration" if _DURATION_NAMES.search(column.name) else "plain"


def quantity_of(text: str) -> float | None:
    """The size of a Kubernetes quantity or a plain number ("500m", "1Gi", "3"); None for anything else."""
    match = _QUANTITY.fullmatch(text)
    return None if match is None else float(match[1]) * _SUFFIXES[match[2] or ""]


def duration_of(text: str) -> float | None:
    """The seconds in a duration as kubectl prints them ("1h30m"); None for anything else."""
    if _AGE.fullmatch(text) is None:
        return None
    return float(sum(int(number[:-1]) * _UNITS[number[-1]] for number in re.findall(r"[0-9]+[ydhms]", text)))


def fraction_of(text: str) -> tuple[float, int] | None:
    """The share and the total of "2/3"; nothing of nothing is all of it. None for anything else."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        return None
    done, total = int(match[1]), int(match[2])
    return (done / total if total else 1.0), total


def percent_of(text: str) -> float | None:
    """The number before a percent sign; None for anything else."""
    match = _PERCENT.fullmatch(text)
    return None if match is None else float(match[1])


def sort_key(cell: Cell, sense: Sense = "plain") -> SortKey:
    """What a cell sorts by: numbers come before texts (`precedes`).

    Ages sort so that the youngest comes first, as with kubectl's numbers of seconds; a fraction by its share and then
    by its total, so that what is not ready comes first. `sense` tells how to read "90m": 90 minutes or 90 thousandths.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return 1 if cell else 0
    if isinstance(cell, int | float):
        return cell
    if isinstance(cell, Instant):
        return -cell.at if cell.text is UNSET else sort_key(cell.text, sense)
    return _text_key(cell, sense)


def _text_key(text: str, sense: Sense) -> SortKey:
    if not text or not (text[0].isdigit() or text[0] == "-"):
        return natural_key(text)
    if fraction := fraction_of(text):
        return fraction[0] + fraction[1] * 1e-6
    duration = duration_of(text)
    if (sense == "plain" or duration is None) and (quantity := quantity_of(text)) is not None:
        return quantity
    if duration is not None:
        return duration
    percent = percent_of(text)
    return natural_key(text) if percent is None else percent


def _weighed(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0") or "0"
    return chr(47 + min(len(digits), 60)) + digits


def natural_key(text: str) -> str:
    """A text whose numbers compare as numbers: "web-10" after "web-9". Plain comparison of keys is enough."""
    return _DIGITS.sub(_weighed, text.lower())


# A search by halves asks for the same rows in the middle each time.
@lru_cache(maxsize=4096)
def tie_key(namespace: str, name: str) -> str:
    """What decides between rows whose cells sort alike: different for different rows, and natural in both parts."""
    text = f"{namespace}\0{name}"
    key = natural_key(text)
    # A leading zero or a capital is lost in the natural key: "a01" and "a1" would be the same.
    lossless = len(key) == len(text) + len(_DIGITS.findall(text)) and text == text.lower()
    return key if lossless else f"{key}\0{text}"


def precedes(a: SortKey, b: SortKey) -> bool:
    """Whether `a` comes before `b`: numbers before texts, each among their own."""
    if isinstance(a, str):
        return isinstance(b, str) and a < b
    return isinstance(b, str) or a < b
