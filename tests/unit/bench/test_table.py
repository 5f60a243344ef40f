"""The table of measured figures beside their goals."""

from __future__ import annotations

import pytest
from bench.figures import Figure, table
from bench.plan import ACTS, NAMES


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "met"),
    [(0.4, 0.4, False, True), (0.41, 0.4, False, False), (20, 20, True, True), (19, 20, True, False)],
)
def test_a_goal_is_met_at_its_very_value(value: float, goal: float, at_least: bool, met: bool) -> None:
    assert Figure("P3", "rows", value, "s", goal, at_least=at_least).met is met


def test_a_figure_without_a_goal_is_only_told() -> None:
    assert Figure("P8", "memory", 81, "MB").met is None
    assert "81 MB" in table([Figure("P8", "memory", 81, "MB")])


def test_what_is_missed_stands_out() -> None:
    missed, met = table([Figure("P3", "a", 2, "s", 1), Figure("P3", "b", 1, "s", 1)]).splitlines()[2:]
    assert "MISSED" in missed
    assert "MISSED" not in met


def test_every_row_of_the_table_can_be_asked_for() -> None:
    assert {f"p{number}" for number in range(1, 11)} <= set(NAMES)
    assert all(row in act.wanted([name]) for act in ACTS for row in act.rows for name in row.names)
