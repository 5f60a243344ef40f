"""How a soak goes: what is restarted when, what is compared when, and the figures that are kept."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.real.soak.audience import Audience
from tests.real.soak.churn import Churn
from tests.real.soak.memory import Sample, growth, is_flat, sample
from tests.real.soak.world import TOKENS_LIVE_S, World

API_SERVER_DIES_AT = (1 / 4, 1 / 2, 3 / 4)
PROVIDER_STOPS_AT = {1 / 3: 1 / 3, 2 / 3: 1.25}
"""When, and for how many lives of a token: shorter than one, and longer than one."""
OUTAGE_S = 10.0
COMPARED_EVERY_S = 60.0
SAMPLED_EVERY_S = 5.0
SESSIONS_EVERY_S = 15.0

SEEN_WITHIN_S = 45.0
# The product waits for up to half a minute between two tries.
BACK_WITHIN_S = 120.0
SILENT_FOR_S = 20.0
CLOSED_WITHIN_S = 120.0
# What chance may add to a median.
SLACK_MB, SLACK_FILES = 10.0, 20.0
LEFT_OVER = 8


@dataclass
class Course:
    """One soak of `duration` seconds. `figures` is a file that gets a line of JSON a minute."""

    world: World
    churn: Churn
    audience: Audience
    duration: float
    figures: Path
    samples: list[Sample] = field(default_factory=list)
    settled_s: list[float] = field(default_factory=list)
    """How long it took, at each comparison, until everybody saw the truth."""
    noticed_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    _began: float = 0.0

    async def run(self) -> dict[str, Any]:
        """Go through all of it; what was wrong is in the audience's `faults` and in the figures that are returned."""
        self._began = time.monotonic()
        self.churn.go_on()
        await self.audience.fill()
        work = (self.churn.run(), self.audience.turn_over(), self._sampling(), self._looking_at_sessions())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            for at, act in self._plan():
                await self._until(at, tasks)
                await act()
            await self._until(self.duration, tasks)
            await self._compare(SEEN_WITHIN_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        summary = self._summary() | await self._afterwards()
        self._tell(summary)
        return summary

    def _plan(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        every = min(COMPARED_EVERY_S, self.duration / 10)
        outages = {
            share: functools.partial(self._restart_provider, lives) for share, lives in PROVIDER_STOPS_AT.items()
        }
        plan: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            *((number * every, self._compare_and_tell) for number in range(1, int(self.duration / every))),
            *((share * self.duration, self._crash_api_server) for share in API_SERVER_DIES_AT),
            *((share * self.duration, outage) for share, outage in outages.items()),
        ]
        return sorted(plan, key=lambda step: step[0])

    async def _until(self, at: float, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for a time of the soak; what goes on beside it may not end meanwhile."""
        patience = self._began + at - time.monotonic()
        done, _ = await asyncio.wait(tasks, timeout=max(0.0, patience), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
            raise AssertionError("a part of the soak has ended early")

    async def _compare_and_tell(self) -> None:
        await self._compare(SEEN_WITHIN_S)
        self._tell(self._line())

    async def _compare(self, within: float) -> None:
        """Hold the changes, and wait until everybody sees what there is."""
        await self.churn.pause()
        self.settled_s.append(await self.audience.all_see(await self.churn.truth(), within=within))
        self.churn.go_on()

    async def _crash_api_server(self) -> None:
        """Kill it, start it again, and wait until everybody sees the truth again."""
        server = self.world.api_server
        await asyncio.to_thread(server.kill)
        self._tell({"at": self._now(), "event": "the API server is killed"})
        self.noticed_s.append(await self.audience.nobody_is_silently_old(within=SILENT_FOR_S))
        await asyncio.sleep(OUTAGE_S)
        await asyncio.to_thread(server.start)
        ready = time.monotonic()
        await asyncio.sleep(OUTAGE_S)
        await self._compare(BACK_WITHIN_S)
        self.back_s.append(round(time.monotonic() - ready, 2))
        self._tell({"at": self._now(), "event": "the API server is back", "rows right after s": self.back_s[-1]})

    async def _restart_provider(self, lives: float) -> None:
        """Do without it for so many lives of a token. Whoever's token ends meanwhile waits, and stays signed in."""
        await asyncio.to_thread(self.world.stop_provider)
        self._tell({"at": self._now(), "event": "the provider is stopped"})
        await asyncio.sleep(lives * TOKENS_LIVE_S)
        await self.audience.look_at_sessions()
        ends_in = self.audience.tokens_end_in()
        await asyncio.to_thread(self.world.start_provider)
        ready = time.monotonic()
        await self._compare(BACK_WITHIN_S)
        self._tell(
            {
                "at": self._now(),
                "event": "the provider is back",
                "tokens were good for s": round(ends_in, 1),
                "rows right after s": round(time.monotonic() - ready, 2),
            }
        )

    async def _sampling(self) -> None:
        while True:
            self.samples.append(self._sample())
            await asyncio.sleep(SAMPLED_EVERY_S)

    async def _looking_at_sessions(self) -> None:
        while True:
            await self.audience.look_at_sessions()
            await asyncio.sleep(SESSIONS_EVERY_S)

    async def _afterwards(self) -> dict[str, Any]:
        """Nothing is kept of viewers that have left."""
        await self.audience.empty()
        deadline = time.monotonic() + CLOSED_WITHIN_S
        while (last := self._sample()).upstream > LEFT_OVER and time.monotonic() < deadline:
            await asyncio.sleep(1.0)
        if last.upstream > LEFT_OVER:
            self.audience.fault("growth", f"{last.upstream} connections to the API server are left without a viewer")
        return {"afterwards": asdict(last)}

    def _summary(self) -> dict[str, Any]:
        flat = {
            "rss_mb": (growth([(one.at, one.rss_mb) for one in self.samples], self.duration), SLACK_MB),
            "files": (growth([(one.at, float(one.files)) for one in self.samples], self.duration), SLACK_FILES),
            "upstream": (growth([(one.at, float(one.upstream)) for one in self.samples], self.duration), SLACK_FILES),
        }
        for name, ((earlier, later), slack) in flat.items():
            if not is_flat(earlier, later, slack=slack):
                self.audience.fault("growth", f"{name} has grown from {earlier} to {later}")
        return self._line() | {
            "peak rss_mb": max(one.rss_mb for one in self.samples),
            "medians, earlier and later": {name: medians for name, (medians, _) in flat.items()},
            "changes/s": round(self.churn.made / self._now(), 1),
            "slowest comparison s": round(max(self.settled_s), 2),
            "outage noticed after s": [round(one, 2) for one in self.noticed_s],
            "right again after s": self.back_s,
        }

    def _line(self) -> dict[str, Any]:
        return {
            **asdict(self._sample()),
            "viewers now": len(self.audience.viewers),
            "changes": dict(self.churn.done),
            "settled s": round(self.settled_s[-1], 2) if self.settled_s else None,
            **self.audience.figures,
        }

    def _sample(self) -> Sample:
        return sample(self.world.product.group, self.world.api_server.port, self._now())

    def _now(self) -> float:
        return round(time.monotonic() - self._began, 1)

    def _tell(self, line: dict[str, Any]) -> None:
        tell(self.figures, line)


def tell(file: Path, line: dict[str, Any]) -> None:
    """Add a line to a file of figures."""
    with file.open("a") as lines:
        lines.write(json.dumps({"time": time.strftime("%H:%M:%S"), **line}) + "\n")
