"""etcd dies under live rows, or is put back to a backup: rows are right in the end, and never old without a word."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, LiveList, live
from tests.real.stack.admin import TABLE, Admin
from tests.real.stack.cluster import Cluster
from tests.real.stack.objects import config_map
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product
from tests.real.stack.releases import RELEASES
from tests.real.stack.whole import Stack

NAMESPACES_KIND = {"group": "", "version": "v1", "plural": "namespaces", "namespaced": False}
# More than are watched each, so that both ways of watching are here.
NAMESPACES = [f"etcd-{number}" for number in range(6)]
MAPS = f"/api/v1/namespaces/{NAMESPACES[0]}/configmaps"
COUNT = 60
READ_WITHIN_S = 30.0
# A question every ten seconds, which nobody answers for as long, and one more.
NOTICED_WITHIN_S = 90.0
# API servers answer again only some time after their etcd does: a request that waited for it may take its whole minute.
ANSWERS_WITHIN_S = 120.0
LIVE_WITHIN_S = 150.0


@pytest.fixture(params=RELEASES, ids=str, scope="module")
def lone(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Cluster]:
    """A cluster that nobody else has, with config maps in one of its namespaces."""
    cluster = stack.another_cluster(f"etcd-of-{request.param}", request.param)
    admin = cluster.api_server.admin
    for namespace in NAMESPACES:
        admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    admin.create_all(MAPS, (config_map(f"map-{number:03}") for number in range(COUNT)))
    yield cluster
    cluster.place.stop_all()
    shutil.rmtree(cluster.place.folder / "etcd", ignore_errors=True)


@pytest.fixture(scope="module")
def product(stack: Stack, lone: Cluster) -> Iterator[Product]:
    """The product with that cluster."""
    served = stack.serve(stack.product_port(), stack.dex.client, config=lone.kubeconfig)
    yield served
    served.stop()


async def test_while_etcd_is_dead_rows_are_said_to_be_old_and_afterwards_they_are_right(
    lone: Cluster, product: Product, browser: Browser, serial: Iterator[int]
) -> None:
    admin = lone.api_server.admin
    await browser.sign_in(product.url, ALICE)
    async with live(browser, product.url) as connection:
        lists = [
            await connection.subscribe(CONFIG_MAPS, NAMESPACES[0]),
            await connection.subscribe(CONFIG_MAPS),
            await connection.subscribe(NAMESPACES_KIND),
        ]
        await connection.until(lambda: all(one.state == "live" and one.synced for one in lists), within=READ_WITHIN_S)

        # Up to the moment when it dies, so that some of it is still on its way.
        await asyncio.to_thread(_change, admin, next(serial))
        lone.etcd.kill()
        await connection.until(lambda: all(one.state == "reconnecting" for one in lists), within=NOTICED_WITHIN_S)
        assert all(one.rows for one in lists), "the rows are to stay while they can't be renewed"

        await asyncio.to_thread(lone.etcd.start)
        await asyncio.to_thread(_until_it_answers, lone)
        await asyncio.to_thread(_change, admin, next(serial))
        await connection.until(lambda: all(one.state == "live" for one in lists), within=LIVE_WITHIN_S)
        await _compare(connection.until, admin, lists)


@pytest.mark.parametrize("ahead", [False, True], ids=["behind us", "ahead of us"])
async def test_a_cluster_that_is_put_back_to_a_backup_is_read_anew(
    lone: Cluster, product: Product, browser: Browser, serial: Iterator[int], ahead: bool
) -> None:
    admin = lone.api_server.admin
    backup = lone.place.folder / f"backup-{next(serial)}"
    await asyncio.to_thread(_outage, lone, lambda: lone.etcd.keep(backup))
    await browser.sign_in(product.url, ALICE)
    async with live(browser, product.url) as connection:
        lists = [await connection.subscribe(CONFIG_MAPS, NAMESPACES[0]), await connection.subscribe(CONFIG_MAPS)]
        await connection.until(lambda: all(one.state == "live" and one.synced for one in lists), within=READ_WITHIN_S)
        forgotten = f"forgotten-{next(serial)}"
        await asyncio.to_thread(_change, admin, next(serial))
        await asyncio.to_thread(admin.create, MAPS, config_map(forgotten))
        await connection.until(lambda: all(forgotten in one.names for one in lists), within=READ_WITHIN_S)

        await asyncio.to_thread(_outage, lone, lambda: lone.etcd.put_back(backup))
        await connection.until(lambda: all("reconnecting" in one.states for one in lists), within=NOTICED_WITHIN_S)
        if ahead:
            # Versions are given out again, and by now for more than had happened before.
            await asyncio.to_thread(_change, admin, next(serial))
            await asyncio.to_thread(_change, admin, next(serial))
        await connection.until(lambda: all(one.state == "live" for one in lists), within=LIVE_WITHIN_S)
        assert not any(forgotten in one.names for one in lists)
        await _compare(connection.until, admin, lists)


@pytest.fixture(scope="module")
def serial() -> Iterator[int]:
    """Numbers that tell one change from all others."""
    return itertools.count(1)


def _outage(cluster: Cluster, meanwhile: Callable[[], None]) -> None:
    cluster.api_server.kill()
    cluster.etcd.kill()
    meanwhile()
    cluster.etcd.start()
    cluster.api_server.start()


def _until_it_answers(cluster: Cluster) -> None:
    """Until the API server takes changes again."""
    api = cluster.api_server
    api.wait_until(lambda: api.admin.is_there("/readyz") and api.admin.is_there(MAPS), within=ANSWERS_WITHIN_S)


def _change(admin: Admin, number: int) -> None:
    """Create, change and delete, and make anew under the same name."""
    for which in range(20):
        admin.patch(f"{MAPS}/map-{which:03}", {"data": {f"changed-{number}": "yes"}})
    for which in range(20, 30):
        admin.delete(f"{MAPS}/map-{which:03}")
        admin.create(MAPS, config_map(f"map-{which:03}", **{f"again-{number}": "yes"}))
    admin.create_all(MAPS, (config_map(f"new-{number}-{which}") for which in range(10)))


async def _compare(until: Callable[..., Any], admin: Admin, lists: list[LiveList]) -> None:
    """Each list with a fresh one, as soon as an object has arrived that is made now."""
    last = config_map(f"last-{len(_truth(admin, '/api/v1/configmaps'))}")
    await asyncio.to_thread(admin.create, MAPS, last)
    maps = [one for one in lists if "Data" in one.columns]
    await until(lambda: all(last["metadata"]["name"] in one.names for one in maps), within=READ_WITHIN_S)
    everywhere = _truth(admin, "/api/v1/configmaps")
    for one in maps:
        here = everywhere if one is not lists[0] else _truth(admin, MAPS)
        assert {key: cells[one.columns.index("Data")] for key, cells in one.rows.items()} == here, list(one.heard)
    for one in lists:
        if one not in maps:
            assert one.rows.keys() == _truth(admin, "/api/v1/namespaces").keys()
        assert not one.faults


def _truth(admin: Admin, path: str) -> dict[tuple[str, str], Any]:
    """What a fresh list has: the second cell of each row, by namespace and name."""
    found = {}
    for row in admin.get(path, accept=TABLE)["rows"]:
        metadata = row["object"]["metadata"]
        found[metadata.get("namespace", ""), metadata["name"]] = row["cells"][1]
    return found
