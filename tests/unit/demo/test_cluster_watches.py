"""Watches of the simulated cluster: the shapes in which changes arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from tests.unit.demo.lab import TABLE, Cluster

from headlamp.demo.cluster import kinds

MAPS = "/api/v1/namespaces/shop/configmaps"


class Events:
    """Reads events one by one."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            event: dict[str, Any] = json.loads(await self._answer.content.readline())
        return event

    async def skip_bookmarks(self) -> dict[str, Any]:
        while (event := await self.next())["type"] == "BOOKMARK":
            pass
        return event


@asynccontextmanager
async def watching(cluster: Cluster, query: str, accept: str = "application/json") -> AsyncIterator[Events]:
    headers = cluster.as_("ben", Accept=accept)
    async with cluster.http.get(
        f"{cluster.url}{MAPS}?watch=1&{query}", headers=headers, ssl=cluster.tls, read_bufsize=2**20
    ) as answer:
        assert answer.status == 200
        yield Events(answer)


def add(cluster: Cluster, name: str, **labels: str) -> None:
    metadata = {"name": name, "namespace": "shop", "labels": labels}
    cluster.world.store.create(kinds.CONFIG_MAPS, {"metadata": metadata, "data": {"a": "b"}})


def change(cluster: Cluster, name: str, **labels: str) -> None:
    obj = cluster.world.store.require(kinds.CONFIG_MAPS, "shop", name).load()
    obj["metadata"]["labels"] = labels
    cluster.world.store.replace(kinds.CONFIG_MAPS, obj)


async def test_changes_arrive_as_they_happen(cluster: Cluster) -> None:
    async with watching(cluster, f"resourceVersion={cluster.world.store.version}") as events:
        add(cluster, "x")
        change(cluster, "x", a="1")
        cluster.world.store.remove(kinds.CONFIG_MAPS, "shop", "x")
        seen = [await events.next() for _ in range(3)]
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))


async def test_only_the_first_table_event_has_the_columns(cluster: Cluster) -> None:
    query = f"resourceVersion={cluster.world.store.version}&includeObject=None"
    async with watching(cluster, query, TABLE) as events:
        add(cluster, "x")
        add(cluster, "y")
        first, second = await events.next(), await events.next()
    assert [c["name"] for c in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"] == [{"cells": ["y", 1, "0s"], "object": None}]
    assert second["object"]["metadata"]["resourceVersion"] == str(cluster.world.store.version)


async def test_initial_events_end_with_a_bookmark_that_says_so(cluster: Cluster) -> None:
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&includeObject=None"
    async with watching(cluster, query, TABLE) as events:
        seen = [await events.next()]
        while seen[-1]["type"] == "ADDED":
            seen.append(await events.next())
    row = seen[-1]["object"]["rows"][0]
    assert seen[-1]["type"] == "BOOKMARK"
    assert row["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert row["cells"] == ["", "", "<unknown>"]
    assert len(seen) == 1 + len(list(cluster.world.store.select(kinds.CONFIG_MAPS, "shop")))


async def test_initial_events_need_the_version_match(cluster: Cluster) -> None:
    status, body = await cluster.get("ben", f"{MAPS}?watch=1&sendInitialEvents=true")
    assert (status, body["reason"]) == (422, "Invalid")


async def test_bookmarks_come_only_to_those_who_allow_them(cluster: Cluster) -> None:
    since = f"resourceVersion={cluster.world.store.version}"
    async with watching(cluster, f"{since}&allowWatchBookmarks=true") as events:
        assert (await events.next())["type"] == "BOOKMARK"
    async with watching(cluster, since) as events:
        await asyncio.sleep(0.2)  # the time of a few bookmarks
        add(cluster, "z")
        assert (await events.next())["type"] == "ADDED"


async def test_a_version_that_is_forgotten_is_a_410_in_the_stream(cluster: Cluster) -> None:
    async with watching(cluster, "resourceVersion=1") as events:
        event = await events.next()
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_nothing_is_lost_between_a_list_and_its_watch(cluster: Cluster) -> None:
    _, listed = await cluster.get("ben", MAPS)
    add(cluster, "between")
    async with watching(cluster, f"resourceVersion={listed['metadata']['resourceVersion']}") as events:
        assert (await events.next())["object"]["metadata"]["name"] == "between"


async def test_what_leaves_a_selection_is_gone_and_what_enters_it_is_new(cluster: Cluster) -> None:
    add(cluster, "x", color="red")
    query = f"resourceVersion={cluster.world.store.version}&labelSelector=color%3Dred"
    async with watching(cluster, query) as events:
        change(cluster, "x", color="blue")
        change(cluster, "x", color="red")
        change(cluster, "x", color="red", size="1")
        seen = [(await events.next())["type"] for _ in range(3)]
    assert seen == ["DELETED", "ADDED", "MODIFIED"]


async def test_other_namespaces_are_not_seen(cluster: Cluster) -> None:
    async with watching(cluster, f"resourceVersion={cluster.world.store.version}") as events:
        cluster.world.store.create(kinds.CONFIG_MAPS, {"metadata": {"name": "other", "namespace": "payments"}})
        add(cluster, "mine")
        assert (await events.next())["object"]["metadata"]["name"] == "mine"


async def test_a_watch_ends_when_its_time_is_over(cluster: Cluster) -> None:
    headers = cluster.as_("ben")
    url = f"{cluster.url}{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={cluster.world.store.version}"
    async with cluster.http.get(url, headers=headers, ssl=cluster.tls) as answer:
        assert await answer.read() == b""


async def test_a_watch_over_a_websocket_sends_one_event_a_message(cluster: Cluster) -> None:
    url = f"{cluster.url}{MAPS}?watch=1&resourceVersion={cluster.world.store.version}"
    async with cluster.http.ws_connect(
        url, headers=cluster.as_("ben"), ssl=cluster.tls, protocols=("base64.binary.k8s.io",), origin=cluster.url
    ) as socket:
        assert socket.protocol == "base64.binary.k8s.io"
        add(cluster, "x")
        event = json.loads(await socket.receive_str(timeout=30))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "x")


@pytest.mark.parametrize(
    ("origin", "protocols", "status"),
    [(None, (), 403), ("http://localhost", ("a", "b"), 400)],
    ids=["without an origin", "with two protocols"],
)
async def test_a_watch_over_a_websocket_is_as_particular_as_a_real_servers(
    cluster: Cluster, origin: str | None, protocols: tuple[str, ...], status: int
) -> None:
    url = f"{cluster.url}{MAPS}?watch=1"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with cluster.http.ws_connect(
            url, headers=cluster.as_("ben"), ssl=cluster.tls, protocols=protocols, origin=origin
        ):
            pass
    assert refused.value.status == status


async def test_a_watch_leaves_nothing_behind(cluster: Cluster) -> None:
    async with watching(cluster, f"resourceVersion={cluster.world.store.version}"):
        assert len(cluster.world.store.subscribers(kinds.CONFIG_MAPS)) == 1
    async with asyncio.timeout(30):
        while cluster.world.store.subscribers(kinds.CONFIG_MAPS):
            await asyncio.sleep(0.01)
