"""P5: a thousand viewers of ten thousand pods that change, and what a bare Go proxy spends on a thousand watches.

The Go proxy carries the same events as its peers here, a row without its object of some 290 bytes. A page that
watches through such a proxy gets whole objects, forty times as long; that is not counted in our favour.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import Figure
from bench.objects import Size
from bench.programs import Server
from bench.proxy.build import GoMissingError, peer
from bench.proxy.parties import laid_out
from bench.sign_in import sign_in
from bench.stages import GeneratedStage, signing_in
from bench.tabs import tabs

VIEWERS = 1_000
CHANGES_A_SECOND = 20
SECONDS, SHORT_SECONDS = 60, 10
SETTLE_S = 3.0
KB = 1024
EVENTS = f"/api/v1/events?every={1000 // CHANGES_A_SECOND}"
TOKEN = "t" * 1200
FAST_ENOUGH = 10_000_000


@dataclass(frozen=True)
class Crowd:
    """How the viewers are spread over people, and what the server is told about sharing."""

    name: str
    people: int
    sharing: str

    @property
    def each(self) -> int:
        return VIEWERS // self.people


@dataclass(frozen=True)
class Outcome:
    """What came of one crowd: watches that the cluster saw, bytes a viewer, tabs that were dropped, CPU of a second."""

    watches: int
    memory: float
    dropped: int
    cpu: float
    frames: float
    octets: float


def crowds(*, short: bool) -> list[Crowd]:
    """With sharing between users, and without."""
    return [Crowd("shared by all", 100 if short else VIEWERS, "cluster"), Crowd("each user's own", 10, "user")]


def measure(stage: GeneratedStage, *, short: bool) -> list[Figure]:
    """The figures of all crowds, and of the Go proxy in the same run."""
    seconds = SHORT_SECONDS if short else SECONDS
    go = _cpu_of_go(seconds)
    figures: list[Figure] = []
    for crowd in crowds(short=short):
        figures += _figures(crowd, _watched(stage, crowd, seconds), stage.cluster.size, go)
    if go is not None:
        figures.append(Figure("P5", f"Go proxy with {VIEWERS:,} watches: CPU", go * 100, "% of a core"))
    return figures


def _watched(stage: GeneratedStage, crowd: Crowd, seconds: int) -> Outcome:
    with signing_in(stage.beside, live_sharing=crowd.sharing) as target:
        cookies = asyncio.run(_sign_in_all(target, crowd.people))
        with tabs(target.url, cookies[:1], 1) as one:
            asyncio.run(_churn(stage, SETTLE_S))
            alone = target.resident()
            assert one.ask()["closed"] == 0
        with tabs(target.url, cookies, crowd.each) as all_of_them:
            asyncio.run(_churn(stage, SETTLE_S))
            before, cpu = all_of_them.ask(), target.cpu()
            asyncio.run(_churn(stage, seconds))
            spent, after = target.cpu() - cpu, all_of_them.ask()
            counts = asyncio.run(stage.cluster.counts())
            memory = (target.resident() - alone) / (VIEWERS - 1)
    frames, octets = ((after[what] - before[what]) / VIEWERS / seconds for what in ("frames", "octets"))
    return Outcome(counts["open watches"], memory, after["closed"], spent / seconds, frames, octets)


async def _sign_in_all(target: Server, count: int) -> list[str]:
    cookies = []
    for start in range(0, count, 10):
        batch = (sign_in(target.url, person=f"person-{at}") for at in range(start, min(start + 10, count)))
        cookies += [timed.cookie for timed in await asyncio.gather(*batch)]
    return cookies


async def _churn(stage: GeneratedStage, seconds: float) -> None:
    await stage.cluster.churn(CHANGES_A_SECOND, seconds)


def _cpu_of_go(seconds: int) -> float | None:
    """CPU seconds in a second of the Go proxy under a thousand watches; None where there is no Go."""
    try:
        program = peer()
    except GoMissingError:
        return None
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with laid_out(program, {}) as laid, laid.go(TOKEN) as go:
        laid.load.obey(go.order("drip", EVENTS, connections=VIEWERS, rate=FAST_ENOUGH))
        asyncio.run(asyncio.sleep(SETTLE_S))
        before = go.cpu()
        asyncio.run(asyncio.sleep(seconds))
        return (go.cpu() - before) / seconds


def _figures(crowd: Crowd, outcome: Outcome, size: Size, go: float | None) -> Iterator[Figure]:
    # One more is that of the namespaces themselves, where they have to be known.
    readers = 1 if crowd.sharing == "cluster" else crowd.people
    most = readers * (size.namespaces + 1)
    who = f"{VIEWERS:,} viewers, {crowd.name}"
    yield Figure("P5", f"{who}: watches", outcome.watches, "", most, more=f"{crowd.people:,} users")
    yield Figure("P5", f"{who}: memory of each", outcome.memory / KB, "KB", 40)
    yield Figure("P5", f"{who}: dropped", outcome.dropped, "", 0)
    said = f"{outcome.frames:.1f} frames, {outcome.octets:,.0f} B a viewer and second"
    yield Figure("P5", f"{who}: CPU", outcome.cpu * 100, "% of a core", more=said)
    if go is not None:
        yield Figure("P5", f"{who}: CPU to the Go proxy's", outcome.cpu / go, "×", 0.2)
