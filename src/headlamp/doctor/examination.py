"""One examination: all checks at once, within a bound of time, told in the order of the chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field

import structlog

from headlamp.doctor.evidence import Case
from headlamp.doctor.examined import Examined
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.registry import FOR_EACH_CLUSTER, FOR_EACH_PROVIDER, ONCE
from headlamp.doctor.report import Report, Scrubber
from headlamp.doctor.tools import Tools

WHOLE_S = 30.0
# Many clusters: so many steps at once are kind to this machine and to what it asks.
MOST_AT_ONCE = 16

Progress = Callable[[int, int], None]
"""Told how many checks are done, of how many."""

log = structlog.stdlib.get_logger("headlamp.doctor")


@dataclass(slots=True)
class _Run:
    """One check of one thing, and what it has found so far: that stays when it is cut off."""

    name: str
    group: str
    subject: str
    findings: AsyncIterator[Finding]
    found: list[Finding] = field(default_factory=list)

    async def go(self, gate: asyncio.Semaphore) -> None:
        async with gate:
            async for finding in self.findings:
                self.found.append(finding)


async def examine(
    examined: Examined,
    *,
    tools: Tools | None = None,
    progress: Progress = lambda _done, _all: None,
    skip: Collection[str] = (),
    within: float = WHOLE_S,
) -> Report:
    """Run all checks and report. `skip` are groups, such as "ingress", that are not looked at; `within` is in seconds.

    Never raises for what it finds: a check that breaks is a finding too.
    """
    case = Case(examined, tools or Tools())
    runs = [run for run in _runs(case) if run.group not in skip]
    gate = asyncio.Semaphore(MOST_AT_ONCE)
    tasks = [asyncio.create_task(run.go(gate), name=f"doctor {run.name}") for run in runs]
    finished = 0

    def count(_: asyncio.Task[None]) -> None:
        nonlocal finished
        finished += 1
        progress(finished, len(tasks))

    for task in tasks:
        task.add_done_callback(count)
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=within)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await case.close()
    for run, outcome in zip(runs, outcomes, strict=True):
        if outcome is not None:
            run.found.append(_broken(run, outcome, within))
    scrub = Scrubber(examined.secrets)
    return Report(tuple(scrub(finding) for run in runs for finding in run.found))


def _runs(case: Case) -> list[_Run]:
    runs = [_Run(_name(check), _name(check), "", check(case)) for check in ONCE]
    for provider in case.providers:
        runs += [_Run(_name(check), "provider", provider.subject, check(provider)) for check in FOR_EACH_PROVIDER]
    for cluster in case.clusters:
        runs += [_Run(_name(check), _name(check), cluster.subject, check(cluster)) for check in FOR_EACH_CLUSTER]
    return runs


def _name(check: Callable[..., object]) -> str:
    return check.__module__.rpartition(".")[2]


def _broken(run: _Run, outcome: BaseException, within: float) -> Finding:
    point = Point(f"{run.group}.complete", f"Check of {run.name}", "What was not looked at may be wrong.")
    if isinstance(outcome, asyncio.CancelledError):
        found = f"It was not done within {within:g} seconds."
        return point.failed(found, "Look at what is told above it, or try again.", subject=run.subject)
    log.error("a check broke", check=run.name, exception=type(outcome).__name__, exc_info=outcome)
    found = f"It broke with an unexpected error ({type(outcome).__name__})."
    return point.failed(found, "This is a mistake in the program; please report it.", subject=run.subject)
