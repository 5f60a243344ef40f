"""The figures as they are kept, and a run that lacks something."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench import parts, plan
from bench.figures import Figure
from bench.parts import Part
from bench.plan import Act, Row
from bench.report import as_json, as_markdown, machine
from tests.real.stack.build import KUBERNETES

FIGURES = [Figure("P3", "first rows", 0.45, "s", 0.4, more="a | b"), Figure("P8", "memory", 81, "MB")]


def measured(*, short: bool) -> list[Figure]:
    return [Figure("P1", "short" if short else "long", 1)]


def broken(*, short: bool) -> list[Figure]:
    raise RuntimeError("out of order")


@contextmanager
def never_up() -> Iterator[None]:
    raise RuntimeError("no such program")
    yield


def run_of(monkeypatch: pytest.MonkeyPatch, *acts: Act) -> tuple[plan.Outcome, list[str]]:
    said: list[str] = []
    monkeypatch.setattr(plan, "ACTS", acts)
    return plan.run(short=True, say=said.append), said


def test_json_has_each_figure_and_whether_its_goal_was_met() -> None:
    found = json.loads(as_json(FIGURES, machine(0.5), ["p6"]))
    assert [(figure["row"], figure["value"], figure["met"]) for figure in found["figures"]] == [
        ("P3", 0.45, False),
        ("P8", 81, None),
    ]
    assert found["machine"]["cores"] == os.cpu_count()
    assert found["machine"]["load_before"] == 0.5
    assert found["not_measured"] == ["p6"]


def test_markdown_is_a_table_whose_cells_stay_apart() -> None:
    lines = as_markdown(FIGURES, machine(0.5), ["p6"]).splitlines()
    assert lines[2] == "| P3 | first rows | 0.45 s | ≤ 0.40 s | MISSED | a \\| b |"
    assert lines[3] == "| P8 | memory | 81 MB |  |  |  |"
    assert lines[-1] == "Not measured: p6."


def test_what_breaks_is_named_and_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, said = run_of(
        monkeypatch,
        Act("nothing", never_up, [Row(("p3",), measured), Row(("p4",), measured)]),
        Act("all", None, [Row(("p2",), broken), Row(("p1",), measured)]),
    )
    assert [figure.what for figure in outcome.figures] == ["short"]
    assert outcome.failed == ["p3", "p4", "p2"]
    assert any(line.startswith("[2/2] all: p2, p1") for line in said)


def test_a_missing_part_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYHEADLAMP_CACHE", str(tmp_path))
    monkeypatch.delenv("HEADLAMP_TEST_CHROMIUM", raising=False)
    assert parts.missing(list(Part)) == list(Part)
    outcome, said = run_of(monkeypatch, Act("page", None, [Row(("p9",), measured, [Part.BROWSER])]))
    assert (outcome.figures, outcome.failed) == ([], ["p9"])
    assert said == [f"p9 is left out. {Part.BROWSER.value}"]


def test_a_cluster_that_is_built_needs_no_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path), "PYHEADLAMP_CACHE": str(tmp_path)}
    assert parts.missing([Part.CLUSTER], env) == [Part.CLUSTER]
    (tmp_path / KUBERNETES.key).mkdir()
    assert parts.missing([Part.CLUSTER], env) == []
