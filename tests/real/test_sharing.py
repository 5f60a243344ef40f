"""With `-live-sharing=cluster` the API server feels one watch, and each sees what its RBAC grants, and no longer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import LiveList, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.people import ALICE, BOB, ERIN, Person
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

# A kind that nothing else in the cluster watches in one namespace.
TEMPLATES = {"group": "", "version": "v1", "plural": "podtemplates", "namespaced": True}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = {"apiGroup": "rbac.authorization.k8s.io"}
BOUND = "bob-may-look"
WATCHES = re.compile(
    r'^apiserver_longrunning_requests\{[^}]*resource="podtemplates",scope="namespace"[^}]*verb="WATCH"[^}]*\} (\d+)',
    re.MULTILINE,
)
SEEN_WITHIN_S = 30.0
# The promise is a minute; the rest is for a machine that is busy.
CUT_WITHIN_S = 90.0


@pytest.fixture(scope="module")
def product(stack: Stack, api_server: ApiServer) -> Product:
    return stack.serve(stack.product_port(), stack.dex.client, "-live-sharing=cluster", name="headlamp-sharing")


@pytest.fixture
async def others(stack: Stack) -> AsyncIterator[Browser]:
    """The browser of a second person."""
    async with Browser(stack.web_pki.pem) as opened:
        yield opened


def make_namespace(api_server: ApiServer, name: str, *, open_to_bob: bool) -> None:
    """A namespace with one template, and Bob's right to look at it."""
    api_server.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    add_template(api_server, name, "first")
    root = f"{RBAC}/namespaces/{name}"
    rule = {"apiGroups": [""], "resources": ["podtemplates"], "verbs": ["get", "list", "watch"]}
    api_server.admin.create(f"{root}/roles", {"metadata": {"name": BOUND}, "rules": [rule]})
    if open_to_bob:
        subject = GROUP | {"kind": "User", "name": BOB.username}
        bound = {"roleRef": GROUP | {"kind": "Role", "name": BOUND}, "subjects": [subject]}
        api_server.admin.create(f"{root}/rolebindings", {"metadata": {"name": BOUND}} | bound)


def add_template(api_server: ApiServer, namespace: str, name: str) -> None:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}}
    body = {"metadata": {"name": name}, "template": template}
    api_server.admin.create(f"/api/v1/namespaces/{namespace}/podtemplates", body)


def watches(api_server: ApiServer) -> int:
    """How many watches of pod templates in one namespace the API server serves now."""
    return sum(map(int, WATCHES.findall(api_server.admin.get("/metrics", accept="text/plain"))))


async def sign_in(browser: Browser, product: Product, person: Person) -> None:
    await browser.sign_in(product.url, person)


def is_live(rows: LiveList) -> bool:
    return rows.state == "live" and "first" in rows.names


async def test_two_people_with_the_right_share_one_watch_and_one_without_it_sees_nothing(
    api_server: ApiServer, product: Product, browser: Browser, others: Browser
) -> None:
    make_namespace(api_server, "shared-one", open_to_bob=True)
    make_namespace(api_server, "shared-closed", open_to_bob=False)
    await sign_in(browser, product, ALICE)
    await sign_in(others, product, BOB)
    before = watches(api_server)
    async with live(browser, product.url) as alice, live(others, product.url) as bob:
        hers = await alice.subscribe(TEMPLATES, "shared-one")
        closed = await alice.subscribe(TEMPLATES, "shared-closed")
        his = await bob.subscribe(TEMPLATES, "shared-one")
        refused = await bob.subscribe(TEMPLATES, "shared-closed")
        await alice.until(lambda: is_live(hers) and is_live(closed), within=SEEN_WITHIN_S)
        await bob.until(lambda: is_live(his) and refused.state == "forbidden", within=SEEN_WITHIN_S)
        add_template(api_server, "shared-one", "second")
        add_template(api_server, "shared-closed", "second")
        await alice.until(lambda: "second" in hers.names and "second" in closed.names, within=SEEN_WITHIN_S)
        await bob.until(lambda: "second" in his.names, within=SEEN_WITHIN_S)
        assert watches(api_server) - before == 2
        assert not refused.rows
        assert not hers.faults + his.faults + closed.faults + refused.faults


async def test_rows_are_cut_from_the_page_when_the_right_is_lost(
    api_server: ApiServer, product: Product, browser: Browser, others: Browser
) -> None:
    make_namespace(api_server, "shared-lost", open_to_bob=True)
    await sign_in(browser, product, ALICE)
    await sign_in(others, product, BOB)
    async with live(browser, product.url) as alice, live(others, product.url) as bob:
        hers = await alice.subscribe(TEMPLATES, "shared-lost")
        his = await bob.subscribe(TEMPLATES, "shared-lost")
        await alice.until(lambda: is_live(hers), within=SEEN_WITHIN_S)
        await bob.until(lambda: is_live(his), within=SEEN_WITHIN_S)
        api_server.admin.delete(f"{RBAC}/namespaces/shared-lost/rolebindings/{BOUND}")
        await bob.until(lambda: his.state == "forbidden" and not his.rows, within=CUT_WITHIN_S)
        add_template(api_server, "shared-lost", "secret")
        await alice.until(lambda: "secret" in hers.names, within=SEEN_WITHIN_S)
        assert BOB.username in his.why
        assert not his.rows
        assert "reconnecting" not in hers.states


async def test_the_other_reads_on_when_the_one_signs_out_whose_token_carries_the_watch(
    api_server: ApiServer, product: Product, browser: Browser, others: Browser
) -> None:
    make_namespace(api_server, "shared-handed-over", open_to_bob=True)
    await sign_in(browser, product, ERIN)
    await sign_in(others, product, BOB)
    before = watches(api_server)
    async with live(browser, product.url) as erin, live(others, product.url) as bob:
        hers = await erin.subscribe(TEMPLATES, "shared-handed-over")
        await erin.until(lambda: is_live(hers), within=SEEN_WITHIN_S)
        his = await bob.subscribe(TEMPLATES, "shared-handed-over")
        await bob.until(lambda: is_live(his), within=SEEN_WITHIN_S)
        names = {f"t{number}" for number in range(20)}
        for number, name in enumerate(sorted(names)):
            add_template(api_server, "shared-handed-over", name)
            if number == len(names) // 2:
                answer = await browser.fetch(f"{product.url}/api/session", method="DELETE")
                assert answer.status == 200
        await bob.until(lambda: names | {"first"} == his.names, within=SEEN_WITHIN_S)
        await erin.until(lambda: erin.signed_out is not None, within=SEEN_WITHIN_S)
        assert his.states[-1] == "live"
        assert his.synced == 1
        assert not his.faults
        assert watches(api_server) - before == 1
