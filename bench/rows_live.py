"""P3: ten thousand pods of a real API server on screen, complete and live, beside `kubectl get pods -A`.

Everything is on the machine's cores at the same time: etcd, API server, provider, our server and the browser. Each
round is somebody else who has just signed in, so that nothing is shared with a round before it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.async_api import Browser

from bench.browser import browser, looking
from bench.figures import Figure, milliseconds
from bench.programs import Server
from bench.sign_in import sign_in
from bench.stages import RealStage, signing_in
from bench.subscriber import Subscriber, browser_session

ROUNDS, SHORT_ROUNDS = 15, 5
KUBECTL_ROUNDS, SHORT_KUBECTL_ROUNDS = 3, 1
# The first ones find the API server's caches and Chromium's own code cold.
WARM_UP = 1
PATH = "/c/main/pods"
LIMITS = {"first rows": 0.4, "complete": 0.8, "subscription to last row sent": 0.15}
TIMES_SOONER = 20


@dataclass
class Rounds:
    """Seconds of each round."""

    first: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    kubectl: list[float] = field(default_factory=list)
    kubectl_memory: list[float] = field(default_factory=list)
    page_cpu: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)


def measure(stage: RealStage, *, short: bool) -> list[Figure]:
    """The figures, from rounds in which all are measured in turn."""
    rounds = Rounds()
    with signing_in(stage.beside) as target:
        asyncio.run(_measure(stage, target, rounds, short))
    return list(_figures(rounds))


async def _measure(stage: RealStage, target: Server, rounds: Rounds, short: bool) -> None:
    count = SHORT_ROUNDS if short else ROUNDS
    kubectl_rounds = SHORT_KUBECTL_ROUNDS if short else KUBECTL_ROUNDS
    people = (f"person-{number}" for number in itertools.count())
    async with browser() as chromium:
        for at in range(-WARM_UP, count):
            first, complete, worked = await _page(chromium, target, next(people), stage.cluster.size.pods)
            taken, spent = await _rows(target, next(people))
            if at < 0:
                continue
            rounds.first.append(first)
            rounds.complete.append(complete)
            rounds.rows.append(taken)
            rounds.page_cpu.append(worked)
            rounds.server_cpu.append(spent)
            if at < kubectl_rounds:
                await asyncio.to_thread(_kubectl, stage, rounds)


async def _page(chromium: Browser, target: Server, person: str, count: int) -> tuple[float, float, float]:
    """Seconds from the navigation to the first rows on screen, to all of them in a live table; CPU seconds of it."""
    cookie = (await sign_in(target.url, person=person)).cookie
    async with looking(chromium, target.url, PATH, cookie, rows=count) as view:
        worked = await view.busy()
        seen = await view.seen()
        return seen["first"] / 1000, seen["complete"] / 1000, worked


async def _rows(target: Server, person: str) -> tuple[float, float]:
    """Seconds from the subscription to the last row, and CPU seconds of the server for it."""
    cookie = (await sign_in(target.url, person=person)).cookie
    async with browser_session() as client, Subscriber(client, target.url, cookie) as tab:
        before = target.cpu()
        await tab.subscribe()
        return await tab.until_synced(), target.cpu() - before


def _kubectl(stage: RealStage, rounds: Rounds) -> None:
    """What people have otherwise, its output thrown away; seconds and bytes of memory at most."""
    begun = time.perf_counter()
    command = [str(stage.cluster.kubectl), f"--kubeconfig={stage.cluster.kubeconfig}", "get", "pods", "-A"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    rounds.kubectl.append(time.perf_counter() - begun)
    rounds.kubectl_memory.append(used.ru_maxrss * 1024)


def _figures(rounds: Rounds) -> Iterator[Figure]:
    measured = {
        "first rows": rounds.first,
        "complete": rounds.complete,
        "subscription to last row sent": rounds.rows,
    }
    for what, seconds in measured.items():
        yield Figure("P3", what, statistics.median(seconds), "s", LIMITS[what], more=milliseconds(seconds))
    for what, seconds in {"page's main thread": rounds.page_cpu, "server": rounds.server_cpu}.items():
        yield Figure("P3", f"{what}: CPU for it", statistics.median(seconds), "s", more=milliseconds(seconds))
    kubectl, complete = statistics.median(rounds.kubectl), statistics.median(rounds.complete)
    memory = statistics.median(rounds.kubectl_memory) / 1e6
    yield Figure("P3", "kubectl get pods -A", kubectl, "s", more=f"{memory:,.0f} MB of memory")
    yield Figure("P3", "complete, times sooner than kubectl", kubectl / complete, "×", TIMES_SOONER, at_least=True)
