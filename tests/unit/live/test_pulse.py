"""A watch that says nothing because the API server has lost its etcd: the rows are said to be old, not live."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer, Fault, status_body
from tests.unit.live.kit import FAST, FakeViewer, Page, until

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.live.errors import Busy, Forbidden, Overloaded, Undecided
from headlamp.live.hub import Hub
from headlamp.live.pulse import Pulse, Pulses, Source
from headlamp.problems import Problem

PATIENCE_S = 30.0
QUICK = dataclasses.replace(FAST, pulse=0.01, away_pause=0.01)


class ApiServerWithEtcd(FakeApiServer):
    """What comes from its cache goes on when it has lost its etcd: watches, bookmarks, lists of version 0."""

    etcd_is_away = False

    def _refusal(
        self, plural: str, namespace: str | None, query: dict[str, str], headers: Mapping[str, str]
    ) -> Fault | None:
        if self.etcd_is_away and "watch" not in query and query.get("resourceVersion") != "0":
            return 500, {}, status_body(500, "etcdserver: request timed out")
        return super()._refusal(plural, namespace, query, headers)


@pytest.fixture
def server() -> ApiServerWithEtcd:
    """Pods in two namespaces."""
    made = ApiServerWithEtcd()
    made.namespace("a", "b")
    for namespace in "ab":
        made.put("pods", namespace, "p0", "Running", "0", "5m")
    return made


@pytest.fixture
async def page(server: ApiServerWithEtcd) -> AsyncIterator[Page]:
    """A page at a hub that asks often."""
    hub = Hub(timing=QUICK, random=lambda: 0.5)
    page = Page().connect(FakeViewer(server), hub)
    yield page
    await page.disconnect()
    await hub.close()


async def test_g3_rows_are_not_said_to_be_live_while_the_api_server_is_without_its_etcd(
    server: ApiServerWithEtcd, page: Page
) -> None:
    views = [page.subscribe(1, namespaces=["a"]), page.subscribe(2), page.subscribe(3, "namespaces", namespaced=False)]
    await until(lambda: all(view.state == "live" for view in views))
    before = [view.statuses() for view in views]
    server.etcd_is_away = True
    await until(lambda: all(view.state == "reconnecting" for view in views))
    server.bookmark()
    newcomer = page.subscribe(4, namespaces=["b"])
    await until(lambda: newcomer.state == "reconnecting" and bool(newcomer.synced))
    assert [view.statuses() for view in views] == before, "the rows stay as they are"
    assert "may be old" in views[0].states[-1]["message"]

    server.etcd_is_away = False
    server.put("pods", "a", "p1", "Running", "0", "0s")
    await until(lambda: all(view.state == "live" for view in [*views, newcomer]))
    await until(lambda: views[1].statuses() == server.keys("pods"))
    assert "live" not in [state["state"] for state in newcomer.states[:-1]]


class Watcher:
    """`Watching` with one answer for every question, until it is told another."""

    def __init__(self, answer: Problem | None = None, source: Source = ("ann", "pods")) -> None:
        self.answer = answer
        self.source = source
        self.asked = 0
        self.told: list[str] = []
        self.in_turn = asyncio.Event()

    async def latest(self) -> str:
        self.asked += 1
        answer = self.answer
        self.in_turn.set()
        await asyncio.sleep(0)
        if answer is not None:
            raise answer
        return "7"

    def lost(self, problem: Problem) -> None:
        self.told.append("lost")

    def found(self) -> None:
        self.told.append("found")


async def test_those_who_watch_are_asked_in_turns_and_one_at_a_time() -> None:
    pulse, watchers = Pulse(QUICK), [Watcher() for _ in range(3)]
    with pulse.felt_by(watchers[0]), pulse.felt_by(watchers[1]), pulse.felt_by(watchers[2]):
        await until(lambda: watchers[2].asked >= 2)
        assert max(one.asked for one in watchers) - min(one.asked for one in watchers) <= 1
    assert [one.told for one in watchers] == [[], [], []]


@pytest.mark.parametrize("answer", [Busy("etcd is away"), ClusterUnreachable("refused")], ids=lambda one: one.code)
async def test_all_are_told_when_nothing_is_answered_and_when_it_is_again(answer: Problem) -> None:
    pulse, watchers = Pulse(QUICK), [Watcher(answer), Watcher(answer)]
    with pulse.felt_by(watchers[0]), pulse.felt_by(watchers[1]):
        await until(lambda: pulse.problem is not None)
        for one in watchers:
            one.answer = None
        await until(lambda: pulse.problem is None)
    assert [one.told for one in watchers] == [["lost", "found"]] * 2


@pytest.mark.parametrize("other", [("ann", "secrets"), ("bob", "pods"), ("bob", "secrets")])
async def test_what_is_broken_for_one_user_or_kind_is_not_the_cluster(other: Source) -> None:
    pulse, broken = Pulse(QUICK), [Watcher(Busy("unable to decrypt"), other) for _ in range(4)]
    watcher = Watcher()
    with ExitStack() as watching:
        for one in (*broken, watcher):
            watching.enter_context(pulse.felt_by(one))
        await until(lambda: min(one.asked for one in broken) > 5)
    assert watcher.told == []


async def test_an_answer_that_does_not_come_is_none() -> None:
    class Silent(Watcher):
        async def latest(self) -> str:
            await asyncio.Event().wait()
            raise AssertionError

    pulse, silent = Pulse(dataclasses.replace(QUICK, opening=0.01)), Silent()
    with pulse.felt_by(silent):
        await until(lambda: silent.told == ["lost"])


@pytest.mark.parametrize(
    "answer", [Forbidden("no"), Overloaded("later"), Undecided("who?")], ids=lambda one: type(one).__name__
)
async def test_a_refusal_of_the_one_who_asks_says_nothing_of_the_cluster(answer: Problem) -> None:
    pulse, watcher = Pulse(QUICK), Watcher(answer)
    with pulse.felt_by(watcher):
        await until(lambda: watcher.asked > 5)
    assert watcher.told == []


async def test_one_question_without_an_answer_is_asked_again_before_anybody_is_told() -> None:
    pulse, watcher = Pulse(QUICK), Watcher(ClusterUnreachable("an idle connection"))
    with pulse.felt_by(watcher):
        await watcher.in_turn.wait()
        watcher.answer = None
        await until(lambda: watcher.asked > 3)
    assert watcher.told == []


async def test_a_watch_that_is_opened_anew_again_and_again_does_not_hide_it() -> None:
    pulse, watcher = Pulse(QUICK), Watcher(Busy("etcd is away"))
    async with asyncio.timeout(PATIENCE_S):
        while pulse.problem is None:
            with pulse.felt_by(watcher):
                await asyncio.sleep(QUICK.pulse / 5)
    with pulse.felt_by(watcher):
        assert pulse.problem is not None


async def test_nothing_is_asked_when_nobody_watches_any_more_and_nothing_kept() -> None:
    pulse, watcher = Pulse(QUICK), Watcher(Busy("etcd is away"))
    with pulse.felt_by(watcher):
        await until(lambda: pulse.problem is not None)
    await until(lambda: pulse.problem is None)
    asked = watcher.asked
    await asyncio.sleep(5 * QUICK.pulse)
    assert watcher.asked == asked


async def test_groups_that_somebody_makes_up_leave_nothing_behind() -> None:
    pulses = Pulses(QUICK)
    for number in range(100):
        pulses.of(f"g{number}.example.com")
    kept = pulses.of("apps")
    gc.collect()
    assert pulses.of("apps") is kept
    assert len(pulses) == 1
