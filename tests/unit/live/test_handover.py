"""A reading goes on with another's credential when the one goes whose token carries it, and nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, View, until
from tests.unit.live.people_apiserver import PeopleApiServer

from headlamp.live.errors import SignInAgain
from headlamp.live.hub import Hub
from headlamp.live.timing import Timing
from headlamp.problems import Problem

# Nobody is reviewed, and no refusal of everybody believed, before a test is over.
TIMING = replace(FAST, review=600.0, granted=900.0, doubt=600.0, linger=600.0)
DOUBTED_BRIEFLY = replace(TIMING, doubt=0.04)
PATIENCE_S = 30.0


class ProviderAway(Problem):
    code = "session.renewal_delayed"
    status = 503
    title = "The identity provider can't be asked now"


@dataclass
class Somebody:
    """A person with one session and one tab."""

    viewer: FakeViewer
    page: Page
    view: View

    @property
    def credential(self) -> FakeCredential:
        return self.viewer.credential

    @property
    def unmoved(self) -> bool:
        """Whether all that they were shown is one snapshot, its changes, and that it is live."""
        states = [state["state"] for state in self.view.states]
        return self.view.resets == 1 and states in (["live"], ["loading", "live"])


class People:
    """Opens tabs for people who may all see the same."""

    def __init__(self, api: PeopleApiServer, hub: Hub) -> None:
        self.api = api
        self.hub = hub
        self.all: list[Somebody] = []

    async def add(self, token: str, *namespaces: str, name: str = "") -> Somebody:
        if token not in self.api.people:
            self.api.viewer_of_all(token, name or f"user of {token}")
        viewer = FakeViewer(self.api, FakeCredential(f"session of {token}", token))
        page = Page().connect(viewer, self.hub)
        made = Somebody(viewer, page, page.subscribe(1, namespaces=list(namespaces) or None))
        self.all.append(made)
        await until(lambda: made.view.state == "live" and bool(made.view.synced))
        await until(lambda: bool(self.api.watches))
        return made


@pytest.fixture
def api() -> PeopleApiServer:
    server = PeopleApiServer()
    server.namespace("a", "b", "c")
    for namespace in "abc":
        for number in range(3):
            server.put("pods", namespace, f"p{number}", "Running", "0", "5m")
    return server


@pytest.fixture
def timing() -> Timing:
    return TIMING


@pytest.fixture(params=[True, False], ids=["many users", "one user"])
async def people(request: pytest.FixtureRequest, api: PeopleApiServer, timing: Timing) -> AsyncIterator[People]:
    """Different users who share, or sessions of one user, who always do."""
    hub = Hub(between_users=request.param, timing=timing, random=lambda: 0.5)
    if not request.param:
        for number in range(1, 6):
            api.viewer_of_all(f"t{number}", "ann")
    made = People(api, hub)
    yield made
    for person in made.all:
        if person.page.closed is None:
            await person.page.disconnect()
    await hub.close()


def lists(api: PeopleApiServer) -> int:
    return len([path for path, _ in api.requests if "watch=" not in path])


async def leave_by_unsubscribing(person: Somebody) -> None:
    person.page.say({"type": "unsubscribe", "id": 1})


async def leave_by_closing_the_tab(person: Somebody) -> None:
    await person.page.disconnect()


async def leave_by_signing_out(person: Somebody) -> None:
    person.credential.ended.set()
    person.viewer.ended.set()
    await asyncio.wait_for(person.page.served(), PATIENCE_S)
    assert person.page.closed == (4401, "session.ended")


async def leave_by_another_sign_in(person: Somebody) -> None:
    person.credential.ended.set()
    await asyncio.wait_for(person.page.served(), PATIENCE_S)
    assert person.page.closed == (4401, "session.sign_in_again")


@pytest.mark.parametrize(
    "leave", [leave_by_unsubscribing, leave_by_closing_the_tab, leave_by_signing_out, leave_by_another_sign_in]
)
@pytest.mark.parametrize("namespaces", [("a",), ("a", "b", "c"), ()], ids=["one namespace", "three", "all"])
async def test_c4_the_others_go_on_at_once_when_the_carrier_goes(
    api: PeopleApiServer, people: People, leave: Callable[[Somebody], Awaitable[None]], namespaces: tuple[str, ...]
) -> None:
    first = await people.add("t1", *namespaces)
    others = [await people.add(f"t{number}", *namespaces) for number in (2, 3)]
    assert len(people.hub) == 1
    # Of all namespaces three are watched, and which there are.
    await until(lambda: len(api.watches) == (len(namespaces) or 4))
    asked, watches = lists(api), list(api.watches)
    assert {watch.token for watch in watches} == {"t1"}
    await leave(first)
    # Meanwhile the cluster goes on.
    api.put("pods", "a", "p0", "Failed", "1", "5m")
    api.delete("pods", "a", "p1")
    await until(lambda: not any(watch in api.watches for watch in watches))
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: len(api.watches) == len(watches) and {watch.token for watch in api.watches} == {"t2"})
    truth = api.keys("pods", *namespaces)
    await until(lambda: all(other.view.statuses() == truth for other in others))
    assert all(other.unmoved for other in others)
    assert lists(api) == asked, "no list was read again"


async def test_a_carrier_after_the_other_goes_and_the_last_one_goes_on(api: PeopleApiServer, people: People) -> None:
    everybody = [await people.add(f"t{number}", "a") for number in range(1, 6)]
    last = everybody[-1]
    for number, person in enumerate(everybody[:-1]):
        await leave_by_signing_out(person)
        api.put("pods", "a", f"x{number}", "Running", "0", "0s")
    await until(lambda: [watch.token for watch in api.watches] == ["t5"])
    await until(lambda: last.view.statuses() == api.keys("pods", "a"))
    assert last.unmoved


async def test_everybody_signs_out_at_the_same_moment(api: PeopleApiServer, people: People) -> None:
    everybody = [await people.add(f"t{number}", "a") for number in range(1, 6)]
    for person in everybody:
        person.credential.ended.set()
        person.viewer.ended.set()
    await asyncio.gather(*(asyncio.wait_for(person.page.served(), PATIENCE_S) for person in everybody))
    await until(lambda: not api.watches and len(people.hub) == 0)


async def test_a_second_tab_of_the_carrier_keeps_it_carrying(api: PeopleApiServer, people: People) -> None:
    first = await people.add("t1", "a")
    other = await people.add("t2", "a")
    page = Page().connect(first.viewer, people.hub)
    second_tab = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(second_tab.synced))
    watches = list(api.watches)
    await leave_by_closing_the_tab(first)
    await asyncio.sleep(0.02)
    assert api.watches == watches
    await page.disconnect()
    await until(lambda: [watch.token for watch in api.watches] == ["t2"])
    assert other.unmoved


async def test_whoever_only_kept_a_reading_for_a_moment_does_not_carry_it_for_others(
    api: PeopleApiServer, people: People
) -> None:
    first = await people.add("t1", "a")
    second = await people.add("t2", "b")
    await leave_by_unsubscribing(first)
    await until(lambda: not first.view.errors and len(people.hub) == 2)
    view = second.page.subscribe(2, namespaces=["a"])
    await until(lambda: bool(view.synced))
    await until(lambda: {watch.token for watch in api.watches} == {"t2"})


# Refusals of one are not the others' business


@pytest.mark.parametrize("timing", [DOUBTED_BRIEFLY], ids=["doubted briefly"])
async def test_g1_a_token_that_the_cluster_rejects_is_its_owners_matter_alone(
    api: PeopleApiServer, people: People
) -> None:
    first, second, third = [await people.add(f"t{number}", "a") for number in (1, 2, 3)]
    del api.people["t1"]
    api.put("pods", "a", "p0", "Failed", "1", "5m")
    api.end_watches()
    api.put("pods", "a", "p1", "Failed", "1", "5m")
    await until(lambda: first.view.state == "failed")
    assert {missing["code"] for missing in first.view.states[-1]["missing"]} == {"cluster.rejected"}
    assert not first.view.rows
    await until(lambda: second.view.statuses() == third.view.statuses() == api.keys("pods", "a"))
    assert second.unmoved
    assert third.unmoved
    assert first.page.closed is None


async def test_a_carrier_whom_the_cluster_forbids_it_is_told_so_alone(api: PeopleApiServer) -> None:
    hub = Hub(between_users=True, timing=DOUBTED_BRIEFLY, random=lambda: 0.5)
    people = People(api, hub)
    first, second = [await people.add(f"t{number}", "a") for number in (1, 2)]
    api.people["t1"].rights.clear()
    api.end_watches()
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: first.view.state == "forbidden")
    assert not first.view.rows
    await until(lambda: second.view.statuses() == api.keys("pods", "a"))
    assert second.unmoved
    for person in people.all:
        await person.page.disconnect()
    await hub.close()


async def test_one_whose_sign_in_has_run_out_is_signed_out_alone(api: PeopleApiServer, people: People) -> None:
    first, second = [await people.add(f"t{number}", "a") for number in (1, 2)]
    first.credential.problem = SignInAgain()
    api.end_watches()
    api.put("pods", "a", "new", "Running", "0", "0s")
    await asyncio.wait_for(first.page.served(), PATIENCE_S)
    assert first.page.closed == (4401, "session.sign_in_again")
    await until(lambda: second.view.statuses() == api.keys("pods", "a"))
    assert second.unmoved


async def test_one_whose_token_can_t_be_renewed_now_is_passed_over(api: PeopleApiServer, people: People) -> None:
    first, second = [await people.add(f"t{number}", "a") for number in (1, 2)]
    first.credential.problem = ProviderAway()
    api.end_watches()
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: first.view.statuses() == second.view.statuses() == api.keys("pods", "a"))
    assert [watch.token for watch in api.watches] == ["t2"]
    assert first.unmoved
    assert second.unmoved


async def test_e1_one_who_is_somebody_else_by_now_is_told_so_alone(api: PeopleApiServer, people: People) -> None:
    first, second = [await people.add(f"t{number}", "a") for number in (1, 2)]
    api.viewer_of_all("t9", "eve")
    first.viewer.credential = FakeCredential("another sign-in", "t9")
    api.end_watches()
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: bool(first.view.errors))
    assert first.view.errors[0]["code"] == "live.identity_changed"
    await until(lambda: second.view.statuses() == api.keys("pods", "a"))
    assert second.unmoved
    assert not any(headers["Authorization"] == "Bearer t9" for _, headers in api.requests)


async def test_a_cluster_that_refuses_everybody_for_a_moment_moves_nobody(api: PeopleApiServer, people: People) -> None:
    everybody = [await people.add(f"t{number}", "a") for number in range(1, 6)]
    known, api.people = api.people, {}
    api.end_watches()
    await until(lambda: all(person.view.state == "reconnecting" for person in everybody))
    api.people = known
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: all(person.view.statuses() == api.keys("pods", "a") for person in everybody))
    assert len(people.hub) == 1
    assert [person.view.resets for person in everybody] == [1] * 5


async def test_a_cluster_that_refuses_everybody_is_asked_as_few_of_them(api: PeopleApiServer) -> None:
    # It is not asked again before the test is over.
    hub = Hub(between_users=True, timing=replace(TIMING, first_pause=600.0, longest_pause=600.0), random=lambda: 0.5)
    people = People(api, hub)
    everybody = [await people.add(f"t{number}", "a") for number in range(1, 6)]
    # A watch that has brought something is opened again at once.
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: all("a/new" in person.view.rows for person in everybody))
    api.people = {}
    before = len(api.requests)
    api.end_watches()
    await until(lambda: all(person.view.state == "reconnecting" for person in everybody))
    assert len(api.requests) == before + 3
    for person in everybody:
        await person.page.disconnect()
    await hub.close()


async def test_pages_of_a_list_are_read_on_with_another_credential(api: PeopleApiServer) -> None:
    hub = Hub(between_users=True, timing=TIMING, random=lambda: 0.5)
    people = People(api, hub)
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    api.lists_on_the_way = asyncio.Event()
    viewers = [FakeViewer(api, FakeCredential(f"session of {token}", token)) for token in ("t1", "t2")]
    pages = [Page().connect(viewer, hub) for viewer in viewers]
    views = [page.subscribe(1, namespaces=["a"]) for page in pages]
    await until(lambda: api.lists_in_flight == 1 and len(hub) == 1 and len(api.asked_by("t2")) == 2)
    await until(lambda: [len(topic.members) for topic in hub] == [2])
    viewers[0].credential.ended.set()
    viewers[0].ended.set()
    await until(lambda: len([headers for _, headers in api.requests if headers["Authorization"] == "Bearer t2"]) == 1)
    api.lists_on_the_way.set()
    await until(lambda: views[1].statuses() == api.keys("pods", "a") and views[1].state == "live")
    assert views[1].resets == 1
    await asyncio.gather(*(page.disconnect() for page in pages if page.closed is None))
    await hub.close()
    assert not people.all
