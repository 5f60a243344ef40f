"""A right that some lose is not taken from those who keep it, and nobody reads words that are about another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until
from tests.unit.live.people_apiserver import MAY, PeopleApiServer, Review

from headlamp.live.errors import Busy, Forbidden, Rejected, Undecided
from headlamp.live.hub import Hub
from headlamp.live.members import Member, Members
from headlamp.live.verdicts import Asked, Verdicts
from headlamp.problems import Problem

TIMING = replace(FAST, review=0.08, granted=30.0, doubt=0.04, answer=30.0, review_pause=0.02, refused_pause=0.02)
ASKED: Asked = ("/api/v1/pods", False)
YES = b'{"status":{"allowed":true}}'

OpenPage = Callable[[str], Page]


@pytest.fixture
def api() -> PeopleApiServer:
    server = PeopleApiServer()
    server.namespace("a")
    server.put("pods", "a", "p", "Running", "0", "5m")
    return server


@pytest.fixture
async def open_page(api: PeopleApiServer) -> AsyncIterator[OpenPage]:
    """Opens a tab of a session of its own, with a token; all of them share what they may."""
    hub = Hub(between_users=True, timing=TIMING, random=lambda: 0.5)
    pages: list[Page] = []

    def open_one(token: str) -> Page:
        pages.append(Page().connect(FakeViewer(api, FakeCredential(f"session of {token}", token)), hub))
        return pages[-1]

    yield open_one
    for page in pages:
        await page.disconnect()
    await hub.close()


def says_yes_to_everybody(review: Review) -> tuple[int, bytes] | None:
    """An authorizer that contradicts itself, or is late."""
    return (201, YES) if review.path == MAY else None


async def test_one_of_many_who_keeps_the_right_loses_no_row(api: PeopleApiServer, open_page: OpenPage) -> None:
    people = [api.viewer_of_all(f"t{number}", f"user{number}") for number in range(31)]
    views = [open_page(f"t{number}").subscribe(1, namespaces=["a"]) for number in range(31)]
    await until(lambda: all(view.state == "live" and view.synced for view in views))
    api.answer_review = says_yes_to_everybody
    keeper = views[-1]
    for person in people[:-1]:
        person.rights.clear()
    api.end_watches()
    await until(lambda: keeper.state != "live")
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: keeper.state == "live" and keeper.statuses() == api.keys("pods"))
    assert {state["state"] for state in keeper.states} <= {"loading", "live", "reconnecting"}
    assert keeper.resets == 1


@pytest.mark.parametrize("many", [1, 3, 7])
async def test_what_all_have_lost_is_said_without_a_name(api: PeopleApiServer, open_page: OpenPage, many: int) -> None:
    people = [api.viewer_of_all(f"t{number}", f"user{number}") for number in range(many)]
    pages = [open_page(f"t{number}") for number in range(many)]
    views = [page.subscribe(1, namespaces=["a"]) for page in pages]
    await until(lambda: all(view.state == "live" and view.synced for view in views))
    api.answer_review = says_yes_to_everybody
    for person in people:
        person.rights.clear()
    api.end_watches()
    await until(lambda: all(view.state == "forbidden" for view in views))
    assert not any(view.rows for view in views)
    api.viewer_of_all("late", "latecomer").rights.clear()
    pages.append(open_page("late"))
    late = pages[-1].subscribe(1, namespaces=["a"])
    await until(lambda: late.state == "forbidden")
    assert "User" not in str([page.messages for page in pages])


async def test_who_is_alone_and_forbidden_is_asked_about_and_then_told_the_rule(
    api: PeopleApiServer, open_page: OpenPage
) -> None:
    ann = api.viewer_of_all("t1", "ann")
    view = open_page("t1").subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live" and bool(view.synced))
    ann.rights.clear()
    api.end_watches()
    await until(lambda: view.state == "forbidden" and 'User "ann" cannot list' in view.states[-1]["message"])


class Reading:
    """Members of a reading, of whom the verdicts are asked for directly."""

    def __init__(self, *, strangers: bool) -> None:
        self.clock = 1000.0
        self.refused: list[Member] = []
        self.members = Members(
            strangers=strangers, refused=lambda member, _: self.refused.append(member), lost=lambda *_: None
        )
        self.verdicts = Verdicts(self.members, timing=FAST, now=lambda: self.clock)

    async def join(self, count: int) -> list[Member]:
        joined = []
        for number in range(count):
            viewer = FakeViewer(PeopleApiServer(), FakeCredential(f"session {number}"))
            joined.append(Member(await viewer.open("demo"), lambda viewer=viewer: viewer.open("demo")))  # type: ignore[misc]
            self.members.join(joined[-1])
        return joined

    def ask(self, answer: Callable[[Member], Problem]) -> tuple[list[Member], Problem]:
        """One try at which the cluster answers everybody so; who was asked, and the outcome."""
        refused: dict[Member, Problem] = {}
        while (member := self.verdicts.candidate(ASKED, refused)) is not None:
            refused[member] = answer(member)
        return list(refused), self.verdicts.refuse(ASKED, refused)


async def test_those_who_have_not_been_asked_are_asked_first() -> None:
    reading = Reading(strangers=True)
    everybody = await reading.join(7)
    asked = [reading.ask(lambda _: Forbidden("no")) for _ in range(3)]
    assert [member for members, _ in asked for member in members][:7] == everybody
    assert [type(problem) for _, problem in asked] == [Undecided, Undecided, Forbidden]
    (newcomer,) = await reading.join(1)
    members, problem = reading.ask(lambda _: Forbidden("no"))
    assert members[0] is newcomer
    assert isinstance(problem, Forbidden)


async def test_a_yes_makes_earlier_refusals_void() -> None:
    reading = Reading(strangers=True)
    one, two = await reading.join(2)
    assert isinstance(reading.ask(lambda _: Forbidden("no"))[1], Forbidden)
    reading.verdicts.grant(ASKED, two, {one: Forbidden("no")})
    assert reading.verdicts.candidate(ASKED, ()) is two
    # What was granted a moment ago is not taken away at once.
    assert isinstance(reading.ask(lambda _: Forbidden("no"))[1], Busy)
    reading.clock += FAST.doubt
    assert isinstance(reading.ask(lambda _: Forbidden("no"))[1], Forbidden)


async def test_who_can_t_ask_has_not_been_refused() -> None:
    reading = Reading(strangers=True)
    _, without_token = await reading.join(2)
    problem = reading.ask(lambda member: Busy("no token", retry_after=7) if member is without_token else Rejected())[1]
    assert isinstance(problem, Busy)
    assert "no token" not in problem.message


async def test_the_sessions_of_one_user_need_not_all_be_asked() -> None:
    reading = Reading(strangers=False)
    await reading.join(7)
    members, problem = reading.ask(lambda _: Forbidden('User "ann" cannot list'))
    assert len(members) == 3
    assert isinstance(problem, Forbidden)
    assert "ann" in problem.message
