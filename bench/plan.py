"""Which rows of the table there are, and in what surroundings each is measured; surroundings are set up once."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
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
from bench.stages import MANY_PODS, PODS, generated_stage, real_stage

Measure = Callable[..., list[Figure]]


@dataclass(frozen=True)
class Act:
    """Measurements that share their surroundings: each has the names by which it is asked for."""

    stage: Callable[[], AbstractContextManager[Any]] | None
    measures: Sequence[tuple[Collection[str], Measure]]

    def wanted(self, names: Collection[str]) -> list[tuple[str, Measure]]:
        """Those that are asked for, by their first name; all when nothing is named."""
        return [(next(iter(own)), measure) for own, measure in self.measures if not names or set(own) & set(names)]


ACTS = (
    Act(None, [(("p1", "p2", "proxied"), proxied.measure)]),
    Act(
        real_stage,
        [
            (("p3", "rows_live"), rows_live.measure),
            (("p4", "octets"), octets.measure),
            (("p6", "latency"), latency.measure),
        ],
    ),
    Act(
        lambda: generated_stage(PODS),
        [
            (("p5", "viewers"), viewers.measure),
            (("p7", "filter"), filtering.measure),
            (("p8", "footprint"), footprint.measure),
            (("p9", "browser"), smoothness.measure),
        ],
    ),
    Act(
        lambda: generated_stage(MANY_PODS),
        [(("p10", "large"), large.measure), (("p7", "filter"), filtering.measure)],
    ),
)
NAMES = sorted({name for act in ACTS for own, _ in act.measures for name in own})


@dataclass
class Outcome:
    """What a run came to; `failed` are the names of what could not be measured."""

    figures: list[Figure]
    failed: list[str]

    def in_order(self) -> list[Figure]:
        """The figures by the rows of the table."""
        return sorted(self.figures, key=lambda figure: int(figure.row[1:]))


def run(names: Collection[str] = (), *, short: bool) -> Outcome:
    """Measure what is named, or all. What can't be measured is said on standard error, and the rest goes on."""
    outcome = Outcome([], [])
    for act in ACTS:
        if wanted := act.wanted(names):
            for name, figures in _perform(act, wanted, short=short):
                if figures is None:
                    outcome.failed.append(name)
                else:
                    outcome.figures += figures
    return outcome


def _perform(
    act: Act, wanted: Sequence[tuple[str, Measure]], *, short: bool
) -> Iterator[tuple[str, list[Figure] | None]]:
    if act.stage is None:
        for name, measure in wanted:
            yield name, _attempt(name, partial(measure, short=short))
        return
    with act.stage() as stage:
        for name, measure in wanted:
            yield name, _attempt(name, partial(measure, stage, short=short))


def _attempt(name: str, measure: Callable[[], list[Figure]]) -> list[Figure] | None:
    begun = time.monotonic()
    try:
        figures = measure()
    except Exception:  # whatever it was, the other rows are still worth measuring
        traceback.print_exc()
        print(f"{name} could not be measured.", file=sys.stderr)
        return None
    print(f"{name}: measured in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return figures
