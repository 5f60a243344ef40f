"""Which rows of the table there are, and in what surroundings each is measured; surroundings are set up once."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from bench import (
    filtering,
    footprint,
    large,
    latency,
    octets,
    proxied,
    rows_live,
    smoothness,
    viewers,
)
from bench.figures import Figure
from bench.parts import Part, missing
from bench.stages import MANY_PODS, PODS, generated_stage, real_stage

Measure = Callable[..., list[Figure]]


@dataclass(frozen=True)
class Row:
    """A measurement, the names by which it is asked for, and what it needs of the machine."""

    names: Sequence[str]
    measure: Measure
    needs: Collection[Part] = ()

    @property
    def name(self) -> str:
        """The first one."""
        return self.names[0]


@dataclass(frozen=True)
class Act:
    """Measurements that share their surroundings, and what those are called."""

    title: str
    stage: Callable[[], AbstractContextManager[Any]] | None
    rows: Sequence[Row]
    needs: Collection[Part] = ()

    def wanted(self, names: Collection[str]) -> list[Row]:
        """Those that are asked for; all when nothing is named."""
        return [row for row in self.rows if not names or set(row.names) & set(names)]


ACTS = (
    Act("the proxied path, beside Go's", None, [Row(("p1", "p2", "proxied"), proxied.measure, [Part.GO])]),
    Act(
        "a real API server with 10,000 pods",
        real_stage,
        [
            Row(("p3", "rows_live"), rows_live.measure, [Part.BROWSER]),
            Row(("p4", "octets"), octets.measure),
            Row(("p6", "latency"), latency.measure, [Part.BROWSER]),
        ],
        [Part.CLUSTER],
    ),
    Act(
        "a generated cluster with 10,000 pods",
        lambda: generated_stage(PODS),
        [
            Row(("p5", "viewers"), viewers.measure),
            Row(("p7", "filter"), filtering.measure, [Part.BROWSER]),
            Row(("p8", "footprint"), footprint.measure, [Part.BROWSER]),
            Row(("p9", "browser"), smoothness.measure, [Part.BROWSER]),
        ],
    ),
    Act(
        "a generated cluster with 50,000 pods",
        lambda: generated_stage(MANY_PODS),
        [
            Row(("p10", "large"), large.measure, [Part.BROWSER]),
            Row(("p7", "filter"), filtering.measure, [Part.BROWSER]),
        ],
    ),
)
NAMES = sorted({name for act in ACTS for row in act.rows for name in row.names})


@dataclass
class Outcome:
    """What a run came to; `failed` are the names of what could not be measured."""

    figures: list[Figure]
    failed: list[str]

    def in_order(self) -> list[Figure]:
        """The figures by the rows of the table."""
        return sorted(self.figures, key=lambda figure: int(figure.row[1:]))


def run(names: Collection[str] = (), *, short: bool, say: Callable[[str], None]) -> Outcome:
    """Measure what is named, or all; `say` is told how far it is, and what is missing.

    What can't be measured is in the outcome's `failed`, and the rest goes on.
    """
    outcome = Outcome([], [])
    for at, act in enumerate(ACTS, 1):
        if rows := _possible(act, act.wanted(names), outcome, say):
            say(f"[{at}/{len(ACTS)}] {act.title}: {', '.join(row.name for row in rows)}")
            _perform(act, rows, outcome, short=short, say=say)
    return outcome


def _possible(act: Act, wanted: Sequence[Row], outcome: Outcome, say: Callable[[str], None]) -> list[Row]:
    """Those of `wanted` for which all is there."""
    possible = []
    for row in wanted:
        if parts := missing([*act.needs, *row.needs]):
            outcome.failed.append(row.name)
            say(f"{row.name} is left out. {' '.join(part.value for part in parts)}")
        else:
            possible.append(row)
    return possible


def _perform(act: Act, rows: Sequence[Row], outcome: Outcome, *, short: bool, say: Callable[[str], None]) -> None:
    left = list(rows)
    try:
        with act.stage() if act.stage is not None else nullcontext() as stage:
            surroundings = () if stage is None else (stage,)
            while left:
                _attempt(left.pop(0), surroundings, outcome, short=short, say=say)
    except Exception:  # surroundings that don't come up leave the other acts worth measuring
        traceback.print_exc()
        outcome.failed += [row.name for row in left]
        say(f"{act.title}: could not be set up, or not be ended.")


def _attempt(
    row: Row, surroundings: tuple[Any, ...], outcome: Outcome, *, short: bool, say: Callable[[str], None]
) -> None:
    begun = time.monotonic()
    try:
        outcome.figures += row.measure(*surroundings, short=short)
    except Exception:  # whatever it was, the other rows are still worth measuring
        traceback.print_exc()
        outcome.failed.append(row.name)
        say(f"{row.name}: could not be measured.")
    else:
        say(f"{row.name}: measured in {time.monotonic() - begun:.0f} s")
