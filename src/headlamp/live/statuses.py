"""How a row is: the word of its status column, and the tone of that word, tempered by what else the row says.

`tones.json` is the one table of words, for the page as well (`ui/src/kinds/tones.ts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from headlamp.live.ordering import fraction_of
from headlamp.live.protocol import Cell, Column, Instant

Tone = Literal["err", "warn", "run", "unk", "ok", "done"]
URGENCY: dict[str, int] = {"err": 0, "warn": 1, "run": 2, "unk": 3, "ok": 4, "done": 5}

# Custom resources have no status column that anybody knows of; these are the usual names.
_USUAL = ("Status", "Phase", "State", "Ready", "Synced", "Available", "Health")
_INIT = re.compile(r"Init:[0-9]+/[0-9]+")
_EXIT = re.compile(r"(?:ExitCode|Signal):")
_WRONG = re.compile(r"(?:Error|Failed|BackOff)$")
# Words that are remembered; a column with more different ones than that is no status.
_REMEMBERED = 5000

_WORDS: dict[str, Tone] = {
    word: tone
    for tone, words in msgspec.json.decode(
        Path(__file__).with_name("tones.json").read_bytes(), type=dict[Tone, list[str]]
    ).items()
    for word in words
}


class Status(NamedTuple):
    """What a row's status column says, and how good or bad that is."""

    word: str
    tone: Tone


StatusReader = Callable[[Sequence[Cell]], Status]


def fixed_text(cell: Cell) -> str:
    """The part of a cell that does not tick, as the page writes it: what a filter looks through."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, Instant):
        return "" if cell.text is UNSET else cell.text
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def tone_of(word: str) -> Tone:
    """The tone of a status word: "Init:1/2", "Ready,SchedulingDisabled" and the like included."""
    known = _WORDS.get(word)
    if known is not None:
        return known
    if _INIT.fullmatch(word):
        return "run"
    if word.startswith("Init:"):
        return "err" if (rest := tone_of(word[5:])) == "unk" else rest
    if _EXIT.match(word):
        return "err"
    if "," in word:
        tones = [tone_of(part) for part in word.split(",")]
        for tone in ("err", "warn", "run"):
            if tone in tones:
                return tone
        return tones[0]
    return "err" if _WRONG.search(word) else "unk"


def status_index(columns: Sequence[Column], known: str) -> int:
    """Index of the column that says how a row is: the one named `known`, or one of the usual; -1 when none does."""
    names = [column.name for column in columns]
    if known:
        return names.index(known) if known in names else -1
    for name in _USUAL:
        for index, column in enumerate(columns):
            if column.name == name and column.priority == 0:
                return index
    return -1


def status_reader(columns: Sequence[Column], known: str, plural: str) -> StatusReader | None:
    """A function from cells to the row's status; None when no column says it. `known` as in `status_index`."""
    index = status_index(columns, known)
    if index < 0:
        return None
    names = [column.name for column in columns]
    ready = names.index("Ready") if "Ready" in names else -1
    desired = names.index("Desired") if "Desired" in names else -1
    kind = columns[index].type
    beside = desired if kind == "integer" else -1 if ready == index else ready
    remembered: dict[tuple[Cell, Cell], Status] = {}

    def judge(cell: Cell, other: Cell) -> Status:
        word = fixed_text(cell)
        if fraction := fraction_of(word):
            return Status(word, _share(*fraction))
        if kind == "integer":
            return Status(word, _count(word, fixed_text(other)) if desired >= 0 else "unk")
        if kind == "boolean" or plural == "cronjobs":
            return Status(word, "unk" if word.lower() == "true" else "ok")
        if word == "False":
            return Status(word, "warn")
        tone = tone_of(word)
        # A pod may be Running and yet not ready.
        if tone == "ok" and beside >= 0 and (parts := fraction_of(fixed_text(other))) and parts[0] < 1:
            return Status(word, "warn")
        return Status(word, tone)

    def read(cells: Sequence[Cell]) -> Status:
        key = (cells[index], cells[beside] if beside >= 0 else None)
        status = remembered.get(key)
        if status is None:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            status = remembered[key] = judge(*key)
        return status

    return read


def _share(share: float, total: int) -> Tone:
    if total == 0:
        return "unk"
    return "ok" if share >= 1 else "err" if share == 0 else "warn"


def _count(done: str, total: str) -> Tone:
    try:
        have, want = float(done or 0), float(total or 0)
    except ValueError:
        return "unk"
    return "unk" if want == 0 else "ok" if have >= want else "err" if have == 0 else "warn"
