"""The API server dies and comes back under live rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, LiveList, live
from tests.real.stack.admin import TABLE
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.objects import config_map
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product
from tests.real.stack.releases import RELEASES

NAMESPACE = "restart"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
COUNT = 120
# It takes a few seconds; a slow machine has time.
BACK_WITHIN_S = 45.0
# Longer than it takes for the pauses between two tries to have grown to their longest.
LONG_OUTAGE_S = 20.0


@pytest.fixture
def maps(api_server: ApiServer) -> None:
    """Config maps in a namespace, as they are before all changes."""
    admin = api_server.admin
    if not admin.is_there(f"/api/v1/namespaces/{NAMESPACE}"):
        admin.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for name in _truth(api_server):
        admin.delete(f"{MAPS}/{name}")
    admin.create_all(MAPS, (config_map(f"map-{number:03}") for number in range(COUNT)))


@pytest.mark.parametrize("cluster", RELEASES, indirect=True, ids=str)
@pytest.mark.parametrize("outage", [0.0, LONG_OUTAGE_S], ids=["restarted at once", "away for long"])
async def test_no_row_is_missing_or_stale_or_there_twice_after_a_restart(
    maps: None,
    api_server: ApiServer,
    product: Product,
    browser: Browser,
    outage: float,
    record_property: Callable[[str, object], None],
) -> None:
    admin = api_server.admin
    await browser.sign_in(product.url, ALICE)
    async with live(browser, product.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, NAMESPACE)
        await connection.until(lambda: rows.state == "live" and len(rows.rows) >= COUNT, within=30)

        api_server.kill()
        await connection.until(lambda: rows.state == "reconnecting", within=30)
        before = dict(rows.rows)
        assert len(before) >= COUNT, "the rows are to stay while they can't be renewed"

        await asyncio.sleep(outage)
        await asyncio.to_thread(api_server.start)
        ready = time.monotonic()
        # At once, so that some of it happens before the product is back and some after.
        await asyncio.to_thread(_change, api_server)
        await connection.until(lambda: rows.state == "live", within=BACK_WITHIN_S)
        record_property("live again after s", round(time.monotonic() - ready, 1))
        admin.create(MAPS, config_map("last", a="1"))
        await connection.until(lambda: "last" in rows.names, within=30)

        assert _as_shown(rows) == _truth(api_server), list(rows.heard)
        assert not rows.faults


def _change(api_server: ApiServer) -> None:
    admin = api_server.admin
    for number in range(10):
        admin.delete(f"{MAPS}/map-{number:03}")
    for number in range(10, 20):
        admin.patch(f"{MAPS}/map-{number:03}", {"data": {"a": "1", "b": "2"}})
    for number in range(20, 25):
        admin.delete(f"{MAPS}/map-{number:03}")
        admin.create(MAPS, config_map(f"map-{number:03}", again="yes"))
    admin.create_all(MAPS, (config_map(f"new-{number}") for number in range(10)))


def _as_shown(rows: LiveList) -> dict[str, Any]:
    return {name: rows.cell(name, "Data") for name in rows.names}


def _truth(api_server: ApiServer) -> dict[str, Any]:
    table = api_server.admin.get(MAPS, accept=TABLE)
    column = [one["name"] for one in table["columnDefinitions"]].index("Data")
    return {row["object"]["metadata"]["name"]: row["cells"][column] for row in table["rows"]}
