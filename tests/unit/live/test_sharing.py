"""One reading for many users: only among those who may all see it, and for no longer than they may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, View, until
from tests.unit.live.people_apiserver import MAY, WHO, PeopleApiServer, Review
from tests.unit.live.readers import ClockedLoop

from headlamp.clusters.cluster import Cluster, ClusterTls
from headlamp.live.hub import Hub
from headlamp.live.timing import Timing
from headlamp.live.viewer import Access

# Asked about often. What was granted holds for longer than a test, unless that is what it is about.
TIMING = replace(FAST, review=0.08, granted=60.0, doubt=0.04, review_pause=0.02, refused_pause=0.02)
BRIEFLY_GRANTED = replace(TIMING, granted=0.2)


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


@pytest.fixture
async def hub(timing: Timing) -> AsyncIterator[Hub]:
    made = Hub(between_users=True, timing=timing, random=lambda: 0.5)
    yield made
    await made.close()


@pytest.fixture
async def open_page(api: PeopleApiServer, hub: Hub) -> AsyncIterator[Callable[[str], Page]]:
    """Opens a tab of a session of its own, with a token."""
    pages: list[Page] = []

    def open_one(token: str) -> Page:
        pages.append(Page().connect(viewer_with(api, token), hub))
        return pages[-1]

    yield open_one
    for page in pages:
        await page.disconnect()


OpenPage = Callable[[str], Page]


def viewer_with(api: PeopleApiServer, token: str, **more: Any) -> FakeViewer:
    return FakeViewer(api, FakeCredential(f"session of {token}", token, **more))


async def live(*views: View) -> None:
    await until(lambda: all(view.state == "live" and view.synced for view in views))


async def test_users_with_the_same_rights_share_one_watch(api: PeopleApiServer, hub: Hub, open_page: OpenPage) -> None:
    for number in range(50):
        api.viewer_of_all(f"t{number}", f"user{number}")
    views = [open_page(f"t{number % 50}").subscribe(1, namespaces=["a"]) for number in range(100)]
    await live(*views)
    await until(lambda: [watch.namespace for watch in api.watches] == ["a"])
    assert len([path for path, _ in api.requests if "watch=" not in path]) == 1
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: all("a/new" in view.rows for view in views))
    assert len(hub) == 1


async def test_without_the_setting_each_user_has_a_watch(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    for number in range(5):
        api.viewer_of_all(f"t{number}", f"user{number}")
    # Each user has four sessions, and each session two tabs.
    pages = []
    for number in range(40):
        credential = FakeCredential(f"session {number // 2}", f"t{number // 8}")
        pages.append(Page().connect(FakeViewer(api, credential), hub))
    views = [page.subscribe(1, namespaces=["a"]) for page in pages]
    await live(*views)
    await until(lambda: sorted(watch.token for watch in api.watches) == [f"t{number}" for number in range(5)])
    for page in pages:
        await page.disconnect()
    await hub.close()


async def test_the_review_is_of_exactly_what_is_read_and_with_the_users_own_token(
    api: PeopleApiServer, open_page: OpenPage
) -> None:
    api.person("t1", "ann").allow("pods", "a", "b")
    await live(open_page("t1").subscribe(1, namespaces=["b", "a"], label_selector="app=web"))
    asked = [review.attributes for review in api.asked_by("t1") if review.path == MAY]
    attributes = {"group": "", "version": "v1", "resource": "pods"}
    wanted = [attributes | {"verb": verb, "namespace": place} for place in "ab" for verb in ("list", "watch")]
    # They are asked again and again.
    assert sorted(asked[: len(wanted)], key=str) == sorted(wanted, key=str)
    assert all(each in wanted for each in asked)


async def test_all_namespaces_take_the_right_to_all_and_to_know_which_there_are(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    api.person("t3", "eve").allow("pods")
    api.person("t4", "joe").allow("pods", "a", "b", "c").allow("namespaces")
    views = [open_page(token).subscribe(1) for token in ("t1", "t2", "t3")]
    await live(*views)
    await until(lambda: len(hub) == 2)
    joe = open_page("t4").subscribe(1)
    await live(joe)
    assert len(hub) == 3
    assert {review.attributes.get("namespace") for review in api.reviews} == {None}


async def test_what_somebody_knows_of_is_theirs_and_keeps_nobody_from_sharing(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    api.person("t3", "eve").allow("pods", "c")
    pages = {token: open_page(token) for token in api.people}
    views = [page.subscribe(1, known_namespaces=["b", "c"][: int(token[1])]) for token, page in pages.items()]
    await live(*views[:2])
    await until(lambda: views[2].statuses() == api.keys("pods", "c"))
    assert sorted(len(topic.members) for topic in hub) == [1, 2]


@pytest.mark.parametrize(
    ("group", "plural", "namespaced", "shared"),
    [
        ("apps", "deployments", True, True),
        ("rbac.authorization.k8s.io", "clusterroles", False, True),
        ("metrics.k8s.io", "pods", True, False),
        ("gateway.networking.k8s.io", "gateways", True, False),
        ("stable.example.com", "crontabs", True, False),
        ("extra.apps", "deployments", True, False),
    ],
)
async def test_only_what_the_api_server_itself_serves_is_shared(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage, group: str, plural: str, namespaced: bool, shared: bool
) -> None:
    api.put(plural, "a" if namespaced else "", "one")
    api.viewer_of_all("t1", "ann", plural)
    api.viewer_of_all("t2", "bob", plural)
    resource = {"group": group, "version": "v1", "plural": plural, "namespaced": namespaced}
    views = [open_page(token).subscribe(1, resource=resource, namespaces=["a"]) for token in ("t1", "t2")]
    await live(*views)
    assert len(hub) == (1 if shared else 2)


async def test_very_many_namespaces_are_not_reviewed_one_by_one(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    names = [f"n{number}" for number in range(51)]
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    await live(*(open_page(token).subscribe(1, namespaces=names) for token in ("t1", "t2")))
    assert len(hub) == 2
    assert not [review for review in api.reviews if review.path == MAY]


@pytest.mark.parametrize("timing", [replace(TIMING, review=600.0)], ids=["reviewed once"])
async def test_tabs_of_one_session_are_reviewed_once(api: PeopleApiServer, hub: Hub) -> None:
    api.viewer_of_all("t1", "ann")
    viewer = viewer_with(api, "t1")
    pages = [Page().connect(viewer, hub) for _ in range(10)]
    await live(*(page.subscribe(1, namespaces=["a"]) for page in pages))
    await live(*(page.subscribe(2, namespaces=["a"], label_selector="app=web") for page in pages))
    assert [review.attributes["verb"] for review in api.reviews if review.path == MAY] == ["list", "watch"]
    for page in pages:
        await page.disconnect()


# Whoever may not


async def test_whoever_may_not_sees_no_row_and_is_told_what_is_missing(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    api.person("t2", "eve")
    await live(open_page("t1").subscribe(1, namespaces=["a"]))
    page = open_page("t2")
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "forbidden")
    for number in range(20):
        api.put("pods", "a", f"x{number}", "Running", "0", "0s")
        await asyncio.sleep(0.01)
    assert 'User "eve" cannot list' in view.states[-1]["message"]
    assert not [message for message in page.messages if message["type"] in ("rows", "changes", "columns")]
    assert len(hub) == 2


async def test_no_row_is_sent_while_the_review_is_on_its_way(api: PeopleApiServer, open_page: OpenPage) -> None:
    api.viewer_of_all("t1", "ann")
    await live(open_page("t1").subscribe(1, namespaces=["a"]))
    api.viewer_of_all("t2", "bob")
    api.slow = asyncio.Event()
    page = open_page("t2")
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(api.asked_by("t2")))
    await asyncio.sleep(0.02)
    assert [message["type"] for message in page.messages] == ["hello"]
    api.slow.set()
    await live(view)


async def test_somebody_who_may_list_and_not_watch_is_not_among_those_who_watch(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    api.person("t2", "joe").allow("pods", "a", verbs=("list",))
    first = open_page("t1").subscribe(1, namespaces=["a"])
    await live(first)
    second = open_page("t2").subscribe(1, namespaces=["a"])
    await live(second)
    assert len(hub) == 2
    await until(lambda: len(api.watches) == 1)


def _status(**status: Any) -> bytes:
    return json.dumps({"kind": "SelfSubjectAccessReview", "status": status}).encode()


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (201, _status(allowed=False)),
        (201, _status(allowed=True, denied=True)),
        (201, _status()),
        (201, _status(allowed="true")),
        (201, _status(allowed=1)),
        (201, b"{}"),
        (201, b'{"status":{"allowed":true}'),
        (201, b"[" * 100_000),
        (201, b""),
        (204, b""),
        (200, b"<html>sign in</html>"),
        (302, b""),
        (401, b""),
        (403, b""),
        (404, b""),
        (429, b""),
        (500, b""),
    ],
)
async def test_any_answer_but_a_plain_yes_is_a_no(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage, code: int, body: bytes
) -> None:
    api.viewer_of_all("t1", "ann")
    await live(open_page("t1").subscribe(1, namespaces=["a"]))
    api.viewer_of_all("t2", "bob")
    api.answer_review = lambda review: (code, body) if review.token == "t2" else None
    view = open_page("t2").subscribe(1, namespaces=["a"])
    await live(view)
    assert len(hub) == 2
    await until(lambda: sorted(watch.token for watch in api.watches) == ["t1", "t2"])


@pytest.mark.parametrize("timing", [replace(TIMING, answer=0.1)], ids=["answers awaited briefly"])
async def test_a_review_that_is_not_answered_is_waited_for_only_a_little(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    api.slow = asyncio.Event()
    await live(open_page("t1").subscribe(1, namespaces=["a"]))
    assert len(hub) == 1
    api.slow.set()


async def test_nobody_keeps_the_others_waiting_for_their_reviews(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "mallory")
    api.viewer_of_all("t2", "bob")
    api.slow = asyncio.Event()
    api.quick.add("t2")
    hostile = open_page("t1")
    for number in range(1, 200):
        hostile.subscribe(number, namespaces=[f"n{number}"])
    await until(lambda: len(api.asked_by("t1")) >= 4)
    view = open_page("t2").subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    assert len(api.asked_by("t1")) < 50
    api.slow.set()


async def test_the_name_of_a_colleague_is_in_no_message(api: PeopleApiServer, hub: Hub, open_page: OpenPage) -> None:
    people = [api.viewer_of_all(f"t{number}", f"colleague-{number}") for number in range(3)]
    pages = [open_page(f"t{number}") for number in range(3)]
    views = [page.subscribe(1, namespaces=["a"]) for page in pages]
    await live(*views)
    # The cluster's reviews say yes, and then it refuses: an authorizer that contradicts itself.
    api.answer_review = lambda review: (201, _status(allowed=True)) if review.path == MAY else None
    for person in people:
        person.rights.clear()
    api.end_watches()
    await until(lambda: all(view.state == "forbidden" for view in views))
    assert not any(view.rows for view in views)
    assert "colleague" not in str([page.messages for page in pages])


# Rights that go and come


async def test_rights_that_are_lost_are_cut_and_the_rows_are_gone_from_the_page(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    bob = api.person("t2", "bob").allow("pods", "a")
    first, page = open_page("t1").subscribe(1, namespaces=["a"]), open_page("t2")
    second = page.subscribe(1, namespaces=["a"])
    await live(first, second)
    assert len(hub) == 1
    bob.rights.clear()
    async with asyncio.timeout(30):
        while second.state != "forbidden":
            api.put("pods", "a", "busy", f"S{api.version}", "0", "5m")
            await asyncio.sleep(0.005)
    assert not second.rows
    assert 'User "bob" cannot list' in second.states[-1]["message"]
    after = len(page.messages)
    api.put("pods", "a", "secret", "Running", "0", "0s")
    await until(lambda: "a/secret" in first.rows)
    await asyncio.sleep(0.05)
    told = [message for message in page.messages[after:] if message["type"] in ("rows", "changes")]
    assert not told
    assert not second.rows
    assert first.resets == 1
    assert [state["state"] for state in first.states] == ["loading", "live"]


async def test_a_slow_reader_is_not_sent_the_rest_of_what_they_may_see_no_more(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    for number in range(5000):
        api.put("pods", "a", f"x{number:04}", "Running", "0", "5m")
    api.viewer_of_all("t1", "ann")
    bob = api.person("t2", "bob").allow("pods", "a")
    await live(open_page("t1").subscribe(1, namespaces=["a"]))
    page = open_page("t2")
    page.stuck = asyncio.Event()
    second = page.subscribe(1, namespaces=["a"])
    await until(lambda: len(hub) == 1 and len(next(iter(hub)).subscriptions) == 2)
    # Let through until it is in the middle of the rows.
    original = page.send

    async def stop_after_the_first_rows(frame: str | bytes) -> None:
        await original(frame)
        if isinstance(frame, bytes):
            page.stuck = asyncio.Event()
            page.send = original  # type: ignore[method-assign]

    page.send = stop_after_the_first_rows  # type: ignore[method-assign]
    page.stuck.set()
    await until(lambda: len(second.rows) == 2000)
    bob.rights.clear()
    await until(lambda: len(hub) == 2)
    sent = len(page.messages)
    page.stuck.set()
    await until(lambda: second.state == "forbidden")
    # What was being sent can't be taken back; then comes the reset.
    rows = [message for message in page.messages[sent:] if message["type"] == "rows"]
    assert [message["reset"] for message in rows[-1:]] == [True]
    assert len(rows) <= 2
    assert not second.rows


async def test_rights_that_are_given_bring_somebody_among_the_others(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage
) -> None:
    api.viewer_of_all("t1", "ann")
    bob = api.person("t2", "bob")
    first, second = (open_page(token).subscribe(1, namespaces=["a"]) for token in ("t1", "t2"))
    await until(lambda: first.state == "live" and second.state == "forbidden")
    bob.allow("pods", "a")
    await until(lambda: len(hub) == 1)
    await until(lambda: second.statuses() == api.keys("pods", "a") and len(api.watches) == 1)


async def test_a_no_that_passes_moves_nobody(api: PeopleApiServer, hub: Hub, open_page: OpenPage) -> None:
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    views = [open_page(token).subscribe(1, namespaces=["a"]) for token in ("t1", "t2")]
    await live(*views)
    refused: list[Review] = []

    def just_started(review: Review) -> tuple[int, bytes] | None:
        refused.append(review)
        return (403, b"") if len(refused) <= 2 else None

    api.answer_review = just_started
    await until(lambda: len(refused) > 8)
    assert len(hub) == 1
    assert [view.resets for view in views] == [1, 1]


@pytest.mark.parametrize("timing", [BRIEFLY_GRANTED], ids=["granted briefly"])
@pytest.mark.parametrize("answer", [(429, b""), (500, b""), (503, b""), (201, b"{"), None])
async def test_who_can_t_be_reviewed_is_shown_nothing_new_until_they_are(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage, answer: tuple[int, bytes] | None
) -> None:
    api.viewer_of_all("t1", "ann")
    bob = api.viewer_of_all("t2", "bob")
    first, page = open_page("t1").subscribe(1, namespaces=["a"]), open_page("t2")
    second = page.subscribe(1, namespaces=["a"])
    await live(first, second)
    before = dict(second.rows)
    if answer is None:
        api.slow = asyncio.Event()
        await until(lambda: first.state == second.state == "reconnecting")
    else:
        api.answer_review = lambda review: answer if review.token == "t2" else None
        await until(lambda: second.state == "reconnecting")
        api.put("pods", "a", "unseen", "Running", "0", "0s")
        await until(lambda: first.state == "live" and "a/unseen" in first.rows)
    assert second.rows == before, "what was shown stays"
    assert "does not answer" in second.states[-1]["message"]
    api.answer_review = lambda _: None
    if api.slow is not None:
        api.slow.set()
    await until(lambda: second.state == "live" and second.statuses() == api.keys("pods", "a"))
    assert len(hub) == 1
    # And when the answer is a no after all.
    api.answer_review = lambda review: (500, b"") if review.token == "t2" else None
    await until(lambda: second.state == "reconnecting")
    bob.rights.clear()
    api.answer_review = lambda _: None
    await until(lambda: second.state == "forbidden")
    assert not second.rows


@pytest.mark.parametrize("timing", [BRIEFLY_GRANTED], ids=["granted briefly"])
async def test_a_tab_that_is_opened_while_nothing_new_may_be_shown_shows_nothing(
    api: PeopleApiServer, hub: Hub
) -> None:
    api.viewer_of_all("t1", "ann")
    viewer = viewer_with(api, "t1")
    page = Page().connect(viewer, hub)
    view = page.subscribe(1, namespaces=["a"])
    await live(view)
    api.answer_review = lambda _: (500, b"")
    await until(lambda: view.state == "reconnecting")
    other = Page().connect(viewer, hub)
    second = other.subscribe(1, namespaces=["a"])
    await until(lambda: second.state == "reconnecting")
    assert not second.rows
    api.answer_review = lambda _: None
    await live(second)
    for one in (page, other):
        await one.disconnect()


def test_reviews_of_many_are_spread_and_each_in_time(api: PeopleApiServer) -> None:
    chance = iter([number / 50 for number in range(51)] * 100)
    timing = replace(TIMING, review=50.0, granted=80.0)
    for number in range(50):
        api.viewer_of_all(f"t{number}", f"user{number}")

    async def story(loop: ClockedLoop) -> None:
        hub = Hub(between_users=True, timing=timing, random=lambda: next(chance), now=loop.time)
        pages = [Page().connect(viewer_with(api, f"t{number}"), hub) for number in range(50)]
        views = [page.subscribe(1, namespaces=["a"]) for page in pages]
        await pass_time(loop, 1)
        assert all(view.state == "live" for view in views)
        times: dict[str, float] = {}

        def note_first(review: Review) -> None:
            times.setdefault(review.token, loop.clock)

        api.answer_review = note_first
        await pass_time(loop, int(timing.review))
        assert len(times) == 50
        assert len({int(moment / 10) for moment in times.values()}) >= 3
        assert all(view.state == "live" for view in views)
        for page in pages:
            await page.disconnect()
        await hub.close()

    loop = ClockedLoop()
    try:
        loop.run_until_complete(story(loop))
    finally:
        loop.close()


async def pass_time(loop: ClockedLoop, seconds: int) -> None:
    """Let seconds pass, one after the other, each with turns enough for all that is due in it."""
    for _ in range(seconds):
        loop.clock += 1.0
        for _ in range(200):
            await asyncio.sleep(0)


# Whom the cluster takes for one and the same


@pytest.mark.parametrize("between_users", [False, True])
async def test_the_same_name_at_two_providers_is_the_same_user_only_if_the_cluster_says_so(
    api: PeopleApiServer, between_users: bool
) -> None:
    hub = Hub(between_users=between_users, timing=TIMING, random=lambda: 0.5)
    resource = {"group": "stable.example.com", "version": "v1", "plural": "crontabs", "namespaced": True}
    api.put("crontabs", "a", "one")
    people: dict[str, dict[str, Any]] = {
        "t1": {"groups": ["dev", "ops"], "extra": {"authentication.kubernetes.io/credential-id": ["JTI=1"]}},
        "t2": {"groups": ["ops", "dev"], "extra": {"authentication.kubernetes.io/credential-id": ["JTI=2"]}},
        "t3": {"groups": ["dev"]},
        "t4": {"groups": ["dev", "ops"], "extra": {"example.com/tenant": ["other"]}},
    }
    for token, more in people.items():
        api.viewer_of_all(token, "ann", "crontabs", **more)
    api.viewer_of_all("t5", "system:anonymous", "crontabs")
    api.viewer_of_all("t6", "system:anonymous", "crontabs")
    pages = {token: Page().connect(viewer_with(api, token), hub) for token in api.people}
    views = [page.subscribe(1, resource=resource, namespaces=["a"]) for page in pages.values()]
    await live(*views)
    await until(lambda: len(hub) == 5)
    together = sorted(sorted(member.identity[-2:] for member in topic.members) for topic in hub)
    assert together == [["t1", "t2"], ["t3"], ["t4"], ["t5"], ["t6"]]
    for page in pages.values():
        await page.disconnect()
    await hub.close()


async def test_one_user_who_becomes_another_for_the_cluster_leaves_the_former_ones_rows(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    api.viewer_of_all("t1", "ann", groups=["dev"])
    api.viewer_of_all("t2", "ann", groups=["dev"])
    pages = {token: Page().connect(viewer_with(api, token), hub) for token in ("t1", "t2")}
    views = {token: page.subscribe(1, namespaces=["a"]) for token, page in pages.items()}
    await live(*views.values())
    await until(lambda: len(hub) == 1)
    # A renewed token has fewer groups, and its user fewer rights.
    api.person("t2", "ann", groups=[])
    await until(lambda: views["t2"].state == "forbidden")
    assert not views["t2"].rows
    assert views["t1"].state == "live"
    for page in pages.values():
        await page.disconnect()
    await hub.close()


async def test_one_user_alone_is_not_asked_about(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    api.viewer_of_all("t1", "ann")
    viewer = viewer_with(api, "t1")
    pages = [Page().connect(viewer, hub) for _ in range(3)]
    await live(*(page.subscribe(1, namespaces=["a"]) for page in pages))
    await asyncio.sleep(2 * TIMING.review)
    assert not api.reviews
    for page in pages:
        await page.disconnect()
    await hub.close()


async def test_a_cluster_that_does_not_say_who_somebody_is_shares_nothing(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    for token in ("t1", "t2"):
        api.viewer_of_all(token, "ann")
    api.answer_review = lambda review: (404, b"") if review.path == WHO else None
    pages = [Page().connect(viewer_with(api, token), hub) for token in ("t1", "t2")]
    await live(*(page.subscribe(1, namespaces=["a"]) for page in pages))
    assert len(hub) == 2
    for page in pages:
        await page.disconnect()
    await hub.close()


@pytest.mark.parametrize(
    "other",
    [
        Cluster("other", "other", "https://c"),
        Cluster("demo", "demo", "https://elsewhere"),
        Cluster("demo", "demo", "https://c", ClusterTls(ca_pem="another authority")),
        Cluster("demo", "demo", "https://c", proxy_url="http://proxy"),
    ],
)
async def test_e2_rows_of_one_cluster_are_never_shown_as_those_of_another(
    api: PeopleApiServer, hub: Hub, open_page: OpenPage, other: Cluster
) -> None:
    api.viewer_of_all("t1", "ann")
    elsewhere = PeopleApiServer()
    elsewhere.namespace("a")
    elsewhere.put("pods", "a", "only-there")
    elsewhere.viewer_of_all("t1", "ann")
    credential = FakeCredential("session of t1", "t1")

    class Elsewhere(FakeViewer):
        async def open(self, cluster_name: str) -> Access:
            return Access(other, elsewhere, credential)

    first = open_page("t1").subscribe(1, namespaces=["a"])
    page = Page().connect(Elsewhere(elsewhere), hub)
    second = page.subscribe(1, namespaces=["a"], cluster=other.name)
    await live(first, second)
    assert set(second.rows) == {"a/only-there"}
    assert first.statuses() == api.keys("pods", "a")
    assert len(hub) == 2
    await page.disconnect()


async def test_in_the_laptop_case_nobody_is_asked_about(api: PeopleApiServer, hub: Hub) -> None:
    api.people[""] = api.viewer_of_all("local", "admin")
    viewer = FakeViewer(api, FakeCredential("local:demo", None))
    pages = [Page().connect(viewer, hub) for _ in range(2)]
    await live(*(page.subscribe(1, namespaces=["a"]) for page in pages))
    assert len(hub) == 1
    assert not api.reviews
    for page in pages:
        await page.disconnect()
