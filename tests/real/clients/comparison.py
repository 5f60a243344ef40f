"""A live list beside what kubectl printed of the same kind: cell by cell, with ages as exact as they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.real.clients.kubectl import Printed
from tests.real.clients.live import LiveList

# Between the moment of an age and the reading of a clock, and for what is rounded to whole seconds.
SLACK_S = 3.0
# From which length on ages are printed how coarsely, in seconds.
_UNITS = ((8 * 365 * 86400, 365 * 86400), (8 * 86400, 86400), (8 * 3600, 3600), (600, 60), (0, 1))
_LENGTHS = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_AGE = re.compile(r"(?:\d+[ydhms])+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TEXT_WITH_AGE = re.compile(r"(.*) \(((?:\d+[ydhms])+) ago\)")


def differences(live: LiveList, printed: Printed | None) -> Iterator[str]:
    """What is not the same, in words. `printed` None: kubectl found nothing of that kind."""
    if printed is None:
        yield from (f"{key} is not there" for key in live.rows)
        return
    if [name.upper() for name in live.columns] != printed.columns:
        yield f"columns {live.columns} instead of {printed.columns}"
        return
    yield from (f"{key} is missing" for key in printed.rows.keys() - live.rows.keys())
    yield from (f"{key} is not there any more" for key in live.rows.keys() - printed.rows.keys())
    for key in printed.rows.keys() & live.rows.keys():
        for column, cell, text in zip(printed.columns, live.rows[key], printed.rows[key], strict=True):
            if not _same(cell, text, printed):
                yield f"{key}, {column}: {cell!r} instead of {text!r}"


def _same(cell: Any, text: str, printed: Printed) -> bool:
    if not isinstance(cell, dict):
        return _as_printed(cell) == text
    if "text" in cell:
        parts = _TEXT_WITH_AGE.fullmatch(text)
        return parts is not None and parts[1] == cell["text"] and _same_age(cell["at"], parts[2], printed)
    if _AGE.fullmatch(text):
        return _same_age(cell["at"], text, printed)
    return _MOMENT.fullmatch(text) is not None and datetime.fromisoformat(text).timestamp() == cell["at"]


def _as_printed(cell: Any) -> str:
    """As kubectl prints a cell: one line, without an end of spaces."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:g}"
    line, more, _ = str(cell).partition("\n")
    return (line.rstrip() + "..." if more else line).rstrip()


def _same_age(at: float, text: str, printed: Printed) -> bool:
    """Both are rounded: the printed age down to its unit, and the instant is worked out from such a one."""
    age = sum(int(number) * _LENGTHS[unit] for number, unit in re.findall(r"(\d+)([ydhms])", text))
    unit = next(unit for least, unit in _UNITS if age >= least) + SLACK_S
    return printed.began - at - unit <= age <= printed.ended - at + unit
