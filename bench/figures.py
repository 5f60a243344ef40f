"""What is measured beside what it should be, and the table of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_VERDICTS = {True: "met", False: "MISSED", None: ""}


@dataclass(frozen=True)
class Figure:
    """One measured figure of a row of the table ("P3"). `goal` None: the figure is only told.

    `value` and `goal` are in `unit`; `more` is what else there is to say, such as the spread. With `at_least` the
    figure has to be no less than its goal, otherwise no more.
    """

    row: str
    what: str
    value: float
    unit: str = ""
    goal: float | None = None
    at_least: bool = False
    more: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None when there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def table(figures: Sequence[Figure]) -> str:
    """All of them as text, a line each."""
    lines = [(f.row, f.what, amount(f.value, f.unit), goal(f), verdict(f), f.more) for f in figures]
    heads = ("row", "figure", "measured", "goal", "", "spread and what else there is")
    widths = [max(len(line[at]) for line in (heads, *lines)) for at in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, (*widths, 0), strict=True)).rstrip()
        for line in (heads, (*("-" * width for width in widths), ""), *lines)
    )


def milliseconds(seconds: Sequence[float]) -> str:
    """The spread of times, for `Figure.more`."""
    return f"{min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f} ms in {len(seconds)} rounds"


def verdict(figure: Figure) -> str:
    """Whether the goal is met, as a word that stands out where it is not."""
    return _VERDICTS[figure.met]


def goal(figure: Figure) -> str:
    """What the figure should be, with its sign and unit; empty when it is only told."""
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {amount(figure.goal, figure.unit)}"


def amount(value: float, unit: str) -> str:
    """A number in three digits or as many as it has before the point, and its unit."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
