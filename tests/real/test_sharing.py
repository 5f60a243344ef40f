"""With `-live-sharing=cluster` the API server feels one watch, and each sees what its RBAC grants, and no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import LiveConnection, LiveList, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.audit import WATCHED
from tests.real.stack.people import ADMINS, ALICE, BOB, CAROL, ERIN, Person
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

from headlamp.live.timing import Timing

TEMPLATES = {"group": "", "version": "v1", "plural": WATCHED, "namespaced": True}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = {"apiGroup": "rbac.authorization.k8s.io"}
BOUND = "bob-may-look"
SEEN_WITHIN_S = 30.0
MINUTE_S = 60.0
# A machine that is busy may do everything later than it is due.
LATER_S = 30.0


@dataclass(frozen=True)
class Door:
    """A product that shares between users, and what the API server calls those who sign in there."""

    product: Product
    username: Callable[[Person], str]


@pytest.fixture(scope="module")
def dex_door(stack: Stack, api_server: ApiServer) -> Door:
    """For people of Dex."""
    product = stack.serve(stack.product_port(), stack.dex.client, "-live-sharing=cluster", name="headlamp-sharing")
    return Door(product, lambda person: person.username)


@pytest.fixture(scope="module")
def keycloak_door_for_all(stack: Stack, keycloak_cluster: ApiServer) -> Door:
    """For people of Keycloak."""
    port = stack.product_port()
    client = stack.keycloak.register("headlamp-sharing", f"http://localhost:{port}")
    product = stack.serve(port, client, "-live-sharing=cluster", name="headlamp-sharing-keycloak")
    return Door(product, lambda person: person.keycloak_username)


@pytest.fixture(params=["dex_door", pytest.param("keycloak_door_for_all", marks=pytest.mark.keycloak)])
def door(request: pytest.FixtureRequest) -> Door:
    """Each of them."""
    made: Door = request.getfixturevalue(request.param)
    return made


@pytest.fixture
async def others(stack: Stack) -> AsyncIterator[Browser]:
    """The browser of a second person."""
    async with Browser(stack.web_pki.pem) as opened:
        yield opened


@asynccontextmanager
async def both(
    door: Door, one: tuple[Browser, Person], other: tuple[Browser, Person]
) -> AsyncIterator[tuple[LiveConnection, LiveConnection]]:
    """Two people who have signed in, each with a live connection."""
    for browser, person in (one, other):
        await browser.sign_in(door.product.url, person)
    async with live(one[0], door.product.url) as first, live(other[0], door.product.url) as second:
        yield first, second


def make_namespace(api_server: ApiServer, name: str, *usernames: str) -> None:
    """A namespace with one template, and the right of some people to look at it."""
    api_server.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    add_template(api_server, name, "first")
    root = f"{RBAC}/namespaces/{name}"
    rule = {"apiGroups": [""], "resources": [WATCHED], "verbs": ["get", "list", "watch"]}
    api_server.admin.create(f"{root}/roles", {"metadata": {"name": BOUND}, "rules": [rule]})
    subjects = [GROUP | {"kind": "User", "name": username} for username in usernames]
    bound = {"roleRef": GROUP | {"kind": "Role", "name": BOUND}, "subjects": subjects}
    api_server.admin.create(f"{root}/rolebindings", {"metadata": {"name": BOUND}} | bound)


def add_template(api_server: ApiServer, namespace: str, name: str) -> None:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}}
    body = {"metadata": {"name": name}, "template": template}
    api_server.admin.create(f"/api/v1/namespaces/{namespace}/{WATCHED}", body)


def is_live(rows: LiveList) -> bool:
    return rows.state == "live" and "first" in rows.names


async def watching(connection: LiveConnection, namespace: str) -> LiveList:
    """A list of the templates of a namespace, live."""
    rows = await connection.subscribe(TEMPLATES, namespace)
    await connection.until(lambda: is_live(rows), within=SEEN_WITHIN_S)
    return rows


async def carried_by(api_server: ApiServer, namespace: str, username: str) -> None:
    """Wait until there is one watch, with the token of that user: it is opened anew before its token expires."""
    audit = api_server.audit
    await asyncio.to_thread(
        api_server.wait_until, lambda: audit.watching(namespace) == [username], within=SEEN_WITHIN_S
    )


async def test_two_people_with_the_right_share_one_watch_and_one_without_it_sees_nothing(
    api_server: ApiServer, door: Door, browser: Browser, others: Browser
) -> None:
    shared, closed = f"shared-{door.product.port}", f"closed-{door.product.port}"
    make_namespace(api_server, shared, door.username(BOB))
    make_namespace(api_server, closed)
    async with both(door, (browser, ALICE), (others, BOB)) as (alice, bob):
        hers, hers_alone = await watching(alice, shared), await watching(alice, closed)
        his = await watching(bob, shared)
        refused = await bob.subscribe(TEMPLATES, closed)
        await bob.until(lambda: refused.state == "forbidden", within=SEEN_WITHIN_S)
        for namespace in (shared, closed):
            add_template(api_server, namespace, "second")
        await alice.until(lambda: "second" in hers.names & hers_alone.names, within=SEEN_WITHIN_S)
        await bob.until(lambda: "second" in his.names, within=SEEN_WITHIN_S)
        # Whoever came first carries it for both.
        for namespace in (shared, closed):
            await carried_by(api_server, namespace, door.username(ALICE))
            assert api_server.audit.watched(namespace) == {door.username(ALICE)}
        assert not refused.rows
        assert not hers.faults + his.faults + hers_alone.faults + refused.faults


async def test_two_people_of_one_group_share_one_watch_by_what_the_group_may(
    api_server: ApiServer, dex_door: Door, browser: Browser, others: Browser
) -> None:
    make_namespace(api_server, "shared-by-group")  # both may see everything, and only as members of it
    assert ADMINS in CAROL.groups
    assert ADMINS in ERIN.groups
    async with both(dex_door, (browser, CAROL), (others, ERIN)) as (carol, erin):
        carols, erins = await watching(carol, "shared-by-group"), await watching(erin, "shared-by-group")
        add_template(api_server, "shared-by-group", "second")
        await carol.until(lambda: "second" in carols.names, within=SEEN_WITHIN_S)
        await erin.until(lambda: "second" in erins.names, within=SEEN_WITHIN_S)
        await carried_by(api_server, "shared-by-group", CAROL.username)
        assert api_server.audit.watched("shared-by-group") == {CAROL.username}
        # Each was asked for separately: that they are of one group is the cluster's business, not ours.
        for person in (CAROL, ERIN):
            reviews = api_server.audit.reviews(person.username, "shared-by-group")
            assert {review.verb for review in reviews} == {"list", "watch"}
            assert all(review.allowed for review in reviews)


async def test_rows_are_cut_from_the_page_within_a_minute_of_the_lost_right(
    api_server: ApiServer,
    dex_door: Door,
    browser: Browser,
    others: Browser,
    record_property: Callable[[str, object], None],
) -> None:
    # The promise is kept by asking often enough, and by cutting at the first no.
    assert Timing().review + Timing().answer < Timing().granted <= MINUTE_S
    make_namespace(api_server, "shared-lost", BOB.username)
    async with both(dex_door, (browser, ALICE), (others, BOB)) as (alice, bob):
        hers, his = await watching(alice, "shared-lost"), await watching(bob, "shared-lost")
        granted = len(api_server.audit.reviews(BOB.username, "shared-lost"))
        lost_at = time.monotonic()
        api_server.admin.delete(f"{RBAC}/namespaces/shared-lost/rolebindings/{BOUND}")
        await bob.until(lambda: his.state == "forbidden" and not his.rows, within=MINUTE_S + LATER_S)
        record_property("seconds until rows are cut after a lost right", round(time.monotonic() - lost_at, 1))
        asked = api_server.audit.reviews(BOB.username, "shared-lost")[granted:]
        assert not asked[-1].allowed
        # One round of questions may have crossed the deletion; no other one was answered with yes.
        still_granted = [review.verb for review in asked if review.allowed]
        assert len(still_granted) == len(set(still_granted))
        add_template(api_server, "shared-lost", "secret")
        await alice.until(lambda: "secret" in hers.names, within=SEEN_WITHIN_S)
        assert BOB.username in his.why
        assert not his.rows
        assert "reconnecting" not in hers.states
        await carried_by(api_server, "shared-lost", ALICE.username)
        assert api_server.audit.watched("shared-lost") == {ALICE.username}


async def test_the_other_reads_on_when_the_one_signs_out_whose_token_carries_the_watch(
    api_server: ApiServer, dex_door: Door, browser: Browser, others: Browser
) -> None:
    namespace = "shared-handed-over"
    make_namespace(api_server, namespace, BOB.username)
    async with both(dex_door, (browser, ERIN), (others, BOB)) as (erin, bob):
        await watching(erin, namespace)
        his = await watching(bob, namespace)
        await carried_by(api_server, namespace, ERIN.username)
        names = {f"t{number}" for number in range(20)}
        for number, name in enumerate(sorted(names)):
            add_template(api_server, namespace, name)
            if number == len(names) // 2:
                answer = await browser.fetch(f"{dex_door.product.url}/api/session", method="DELETE")
                assert answer.status == 200
        await bob.until(lambda: names | {"first"} == his.names and his.state == "live", within=SEEN_WITHIN_S)
        await erin.until(lambda: erin.signed_out is not None, within=SEEN_WITHIN_S)
        assert his.synced == 1
        assert not his.faults
        await carried_by(api_server, namespace, BOB.username)
