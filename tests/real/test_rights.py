"""RBAC decides, and what it says reaches the user unchanged."""

from __future__ import annotations

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.objects import config_map
from tests.real.stack.people import BOB, TEAM_A
from tests.real.stack.product import Product


@pytest.fixture
async def bob(api_server: ApiServer, product: Product, browser: Browser) -> Browser:
    """Bob, who may look at the namespace of his team, by his group."""
    await browser.sign_in(product.url, BOB)
    return browser


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/api/v1/namespaces/{TEAM_A}/pods", 200),
        ("GET", f"/api/v1/namespaces/{TEAM_A}/configmaps", 200),
        ("GET", f"/api/v1/namespaces/{TEAM_A}/secrets", 403),
        ("GET", "/api/v1/namespaces/team-b/pods", 403),
        ("GET", "/api/v1/pods", 403),
        ("GET", "/api/v1/namespaces", 403),
        ("GET", "/api/v1/nodes", 403),
        ("POST", f"/api/v1/namespaces/{TEAM_A}/configmaps", 403),
        ("DELETE", f"/api/v1/namespaces/{TEAM_A}/configmaps/kube-root-ca.crt", 403),
        ("GET", "/version", 200),
    ],
)
async def test_a_namespaced_user_gets_exactly_their_403s(
    product: Product, bob: Browser, method: str, path: str, status: int
) -> None:
    body = config_map("by-bob") if method == "POST" else None
    answer = await bob.fetch(f"{product.url}/clusters/lab{path}", method=method, body=body)
    assert answer.status == status, answer.text
    if status == 403:
        refusal = answer.json()
        assert refusal["reason"] == "Forbidden"
        assert f'User "{BOB.username}" cannot' in refusal["message"]


async def test_a_403_comes_with_the_api_servers_own_words(
    product: Product, bob: Browser, api_server: ApiServer
) -> None:
    answer = await bob.fetch(f"{product.url}/clusters/lab/api/v1/namespaces/team-b/pods")
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'pods is forbidden: User "{BOB.username}" cannot list resource "pods" in API group "" '
        'in the namespace "team-b"',
        "reason": "Forbidden",
        "details": {"kind": "pods"},
        "code": 403,
    }
    assert answer.headers["Audit-Id"]


async def test_live_rows_show_what_may_be_seen_and_name_what_may_not(
    api_server: ApiServer, product: Product, bob: Browser
) -> None:
    api_server.admin.create(f"/api/v1/namespaces/{TEAM_A}/configmaps", config_map("seen-by-bob"))
    api_server.admin.create("/api/v1/namespaces/team-b/configmaps", config_map("hidden-from-bob"))
    async with live(bob, product.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, TEAM_A, "team-b")
        await connection.until(lambda: rows.state == "partial" and "seen-by-bob" in rows.names, within=30)
        assert "hidden-from-bob" not in rows.names

        everything = await connection.subscribe(CONFIG_MAPS)
        await connection.until(lambda: everything.state == "forbidden", within=30)
        assert not everything.rows


async def test_the_access_answer_names_the_rules_and_says_that_namespaces_are_not_all_known(
    product: Product, bob: Browser
) -> None:
    access = (await bob.fetch(f"{product.url}/api/access?cluster=lab&namespace={TEAM_A}")).json()
    assert access["user"]["username"] == BOB.username
    assert access["namespaces"]["complete"] is False
    readable = [rule for rule in access["rules"]["resource_rules"] if "pods" in rule["resources"]]
    assert readable
    assert all("delete" not in rule["verbs"] for rule in readable)
