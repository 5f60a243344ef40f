"""Lists, watches and writes through the proxy, with either client towards clusters."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from tests.real.clients.browser import Browser
from tests.real.stack.admin import TABLE
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.objects import config_map
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

from headlamp.clusters.transports import CLIENTS

APPLY = "application/apply-patch+yaml"
MAPS = "/api/v1/namespaces/{}/configmaps"


@pytest.fixture(scope="module", params=sorted(CLIENTS))
def product(request: pytest.FixtureRequest, stack: Stack) -> Product:
    """A product with each of the clients towards clusters."""
    option = f"-cluster-client={request.param}"
    return stack.serve(stack.product_port(), stack.dex.client, option, name=f"headlamp-client-{request.param}")


@pytest.fixture
async def alice(api_server: ApiServer, product: Product, browser: Browser) -> Browser:
    """Alice, who may do everything."""
    await browser.sign_in(product.url, ALICE)
    return browser


@pytest.fixture
def namespace(api_server: ApiServer) -> str:
    """A namespace of this test's own."""
    name = f"requests-{secrets.token_hex(4)}"
    api_server.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


@pytest.fixture
def maps(product: Product, namespace: str) -> str:
    """The address of its config maps, through the product."""
    return f"{product.url}/clusters/lab{MAPS.format(namespace)}"


async def test_a_list_goes_through_in_pages(api_server: ApiServer, alice: Browser, namespace: str, maps: str) -> None:
    names = {f"page-{number}" for number in range(5)}
    api_server.admin.create_all(MAPS.format(namespace), (config_map(name) for name in names))
    selected, token = set(), ""
    while True:
        page = (await alice.fetch(f"{maps}?limit=2&continue={token}")).json()
        assert len(page["items"]) <= 2
        selected |= {item["metadata"]["name"] for item in page["items"]}
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert selected >= names


async def test_a_table_goes_through(api_server: ApiServer, alice: Browser, namespace: str, maps: str) -> None:
    api_server.admin.create(MAPS.format(namespace), config_map("one", a="1", b="2"))
    table = (await alice.fetch(maps, accept=TABLE)).json()
    assert table["kind"] == "Table"
    assert ["one", 2] in [row["cells"][:2] for row in table["rows"]]


async def test_a_watch_over_http_reports_what_happens(
    api_server: ApiServer, alice: Browser, namespace: str, maps: str
) -> None:
    version = (await alice.fetch(maps)).json()["metadata"]["resourceVersion"]
    async with await alice.stream(f"{maps}?watch=1&resourceVersion={version}") as answer:
        assert answer.status == 200
        seen = await _events(
            _lines(answer), lambda: _make_change_and_delete(api_server, namespace, "watched"), "watched"
        )
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize("protocols", [["base64.binary.k8s.io"], []], ids=["as Headlamp asks", "without subprotocol"])
async def test_a_watch_over_websocket_reports_what_happens(
    api_server: ApiServer, alice: Browser, namespace: str, maps: str, protocols: list[str]
) -> None:
    version = (await alice.fetch(maps)).json()["metadata"]["resourceVersion"]
    socket = await alice.websocket(f"{maps}?watch=1&resourceVersion={version}", protocols)
    async with socket:
        assert socket.protocol == (protocols[0] if protocols else None)
        seen = await _events(
            _messages(socket), lambda: _make_change_and_delete(api_server, namespace, "watched"), "watched"
        )
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_409_comes_with_its_body(alice: Browser, maps: str) -> None:
    created = await alice.fetch(maps, method="POST", body=config_map("twice"))
    assert created.status == 201, created.text
    again = await alice.fetch(maps, method="POST", body=config_map("twice"))
    assert again.status == 409
    assert again.json()["reason"] == "AlreadyExists"
    assert again.json()["message"] == 'configmaps "twice" already exists'


async def test_a_write_over_a_newer_version_is_a_409(alice: Browser, maps: str) -> None:
    old = (await alice.fetch(maps, method="POST", body=config_map("raced", a="1"))).json()
    newer = old | {"data": {"a": "2"}}
    assert (await alice.fetch(f"{maps}/raced", method="PUT", body=newer)).status == 200
    refused = await alice.fetch(f"{maps}/raced", method="PUT", body=old | {"data": {"a": "3"}})
    assert refused.status == 409
    assert refused.json()["reason"] == "Conflict"


async def test_a_422_comes_with_its_causes(alice: Browser, maps: str) -> None:
    refused = await alice.fetch(maps, method="POST", body=config_map("Not_A_Name"))
    assert refused.status == 422
    answer = refused.json()
    assert answer["reason"] == "Invalid"
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["metadata.name"]


async def test_server_side_apply_works_and_conflicts_by_field_manager(alice: Browser, maps: str) -> None:
    async def apply(manager: str, value: str, *, force: bool = False) -> tuple[int, Any]:
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: applied}}\ndata: {{key: {value!r}}}\n"
        answer = await alice.fetch(
            f"{maps}/applied?fieldManager={manager}&force={str(force).lower()}",
            method="PATCH",
            text=text,
            content_type=APPLY,
        )
        return answer.status, answer.json()

    assert (await apply("one", "first"))[0] == 201
    status, conflict = await apply("two", "second")
    assert status == 409
    assert conflict["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.key"}
    ]
    status, applied = await apply("two", "second", force=True)
    assert (status, applied["data"]) == (200, {"key": "second"})
    assert "two" in {entry["manager"] for entry in applied["metadata"]["managedFields"]}


def _make_change_and_delete(api_server: ApiServer, namespace: str, name: str) -> None:
    maps = MAPS.format(namespace)
    api_server.admin.create(maps, config_map(name))
    api_server.admin.patch(f"{maps}/{name}", {"data": {"a": "1"}})
    api_server.admin.delete(f"{maps}/{name}")


async def _events(lines: AsyncIterator[str], act: Callable[[], None], name: str) -> list[str]:
    """Act, and return the types of the watch events about `name` up to its end."""
    acting = asyncio.create_task(asyncio.to_thread(act))
    seen: list[str] = []
    async with asyncio.timeout(60):
        async for line in lines:
            event = json.loads(line)
            if event["object"]["metadata"].get("name") == name:
                seen.append(event["type"])
            if seen[-1:] == ["DELETED"]:
                break
        await acting
    return seen


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[str]:
    async for line in answer.content:
        yield line.decode()


async def _messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    """The messages of a watch: JSON in text frames, whatever the subprotocol is called."""
    async for message in socket:
        assert message.type is aiohttp.WSMsgType.TEXT
        yield message.data
