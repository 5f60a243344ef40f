"""P1 and P2: the proxied path beside a bare Go proxy, as figures of the table."""

from __future__ import annotations

import statistics

from bench.figures import Figure
from bench.proxy.build import peer
from bench.proxy.run import LONG, SHORT, measured
from bench.proxy.table import Figure as ProxyFigure

# What the table calls P1 is asked of small answers, P2 of all that is larger or lasts.
SMALL = "2 KB"


def measure(*, short: bool) -> list[Figure]:
    """All figures. Raises `GoMissingError`."""
    return [_figure(figure) for figure in measured(peer(), {}, SHORT if short else LONG)]


def _figure(figure: ProxyFigure) -> Figure:
    row = "P1" if figure.row.startswith(SMALL) else "P2"
    ours, go = statistics.median(figure.ours), statistics.median(figure.go)
    spread = f"{min(figure.ratios):.2f} to {max(figure.ratios):.2f}"
    if figure.goal is not None and figure.goal.unit:
        return Figure(row, figure.row, ours, figure.goal.unit, figure.goal.at_most, more=f"Go {go:.0f}")
    goal = figure.goal.at_most if figure.goal is not None else None
    more = f"ours to Go's, {spread}; {ours:,.0f} and {go:,.0f} {figure.unit}".rstrip()
    return Figure(row, figure.row, figure.ratio, "×", goal, more=more)
