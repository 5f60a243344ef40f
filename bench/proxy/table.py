"""The rows of the proxied path with their goals, and how a row is printed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most `at_most`: of the ratio of ours to Go's, or where `unit` is set of our own figure, in that unit."""

    at_most: float
    unit: str = ""

    def __str__(self) -> str:
        return f"≤ {self.at_most:g} {self.unit or '×'}"


@dataclass(frozen=True)
class Figure:
    """What a row came to: rounds of both, in `unit`, taken in turn; without a `goal` it is there to be seen."""

    row: str
    unit: str
    ours: Sequence[float]
    go: Sequence[float]
    goal: Goal | None
    higher_is_better: bool = False

    @property
    def ratios(self) -> list[float]:
        """Ours to Go's, round by round: what else the machine does strikes both of a pair alike."""
        pairs = zip(self.ours, self.go, strict=True)
        return [our / other if other else math.inf for our, other in pairs]

    @property
    def ratio(self) -> float:
        """The middle one."""
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the goal is; None where there is none."""
        if self.goal is None:
            return None
        return (statistics.median(self.ours) if self.goal.unit else self.ratio) <= self.goal.at_most

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        verdict = {True: "met", False: "NOT met", None: ""}[self.met]
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}" if len(self.ratios) > 1 else ""
        ratio = f"{self.ratio:.2f}" if math.isfinite(self.ratio) else "-"
        ours, go = (f"{_short(statistics.median(values))} {self.unit}" for values in (self.ours, self.go))
        return self.row, ours, go, ratio, spread, str(self.goal or ""), verdict


HEADINGS = ("row", "ours", "Go", "ours ÷ Go", "spread", "goal", "")
# What is asked for, by the row's name; `figures` of `measuring` and `memory` come under the same names.
GOALS = {
    "2 KB: CPU a request": Goal(1.0),
    "2 KB: requests a second": None,
    "2 KB, Go's default pool: CPU a request": Goal(1.0),
    "2 KB, Go's default pool: requests a second": None,
    "200 KB: CPU a request": Goal(1.1),
    "200 KB: requests a second": None,
    "200 KB of gzip: CPU a request": Goal(1.1),
    "200 KB of gzip: requests a second": None,
    "5 MB: CPU a request": Goal(1.1),
    "5 MB: requests a second": None,
    "WebSocket, 1 KB there and back: CPU": Goal(1.5),
    "WebSocket, 1 KB there and back: a second": None,
    "added latency, p50, 1 connection": Goal(1.5),
    "1,000 idle WebSockets: memory over idle": Goal(100.0, "MB"),
    "200 slow downloads: memory over idle": None,
    "200 slow downloads: growth while they go on": Goal(4.0, "MB"),
}


def printed(figures: Sequence[Figure]) -> str:
    """The table as text."""
    lines = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    rows = [
        "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(cells))
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    return "\n".join(row.rstrip() for row in rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"
