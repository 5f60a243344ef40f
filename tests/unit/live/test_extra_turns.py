"""While many or large objects are looked at, others have their turn."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import cast

import pytest

from headlamp.live.extra.reading import ObjectReader, Read
from headlamp.live.resources import Selection
from headlamp.live.upstream import Upstream

CONFIG_MAPS = Selection("", "v1", "configmaps", namespaced=True)


class Cluster:
    """Answers every list with so many objects of so many bytes."""

    def __init__(self, objects: int, size: int) -> None:
        self.keys = frozenset(("a", f"c{number}") for number in range(objects))
        items = [{"metadata": {"namespace": "a", "name": name}, "data": {"x": "y" * size}} for _, name in self.keys]
        self._body = json.dumps({"items": items}).encode()

    async def read(self, target: str, accept: str, limit: int) -> bytes:
        """See `Upstream`."""
        return self._body


@pytest.mark.parametrize(("objects", "size", "at_once"), [(100, 10, 25), (12, 100 * 1024, 3), (6, 300 * 1024, 1)])
async def test_so_many_objects_or_bytes_are_looked_at_in_one_turn(objects: int, size: int, at_once: int) -> None:
    cluster, turn = Cluster(objects, size), 0

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    reader = ObjectReader(cast(Upstream, cluster), CONFIG_MAPS, asyncio.Semaphore(1))
    turns = Counter([turn async for _ in reader.objects(Read("a", None, cluster.keys), whole=True)])
    counting.cancel()
    assert turns.total() == objects
    assert max(turns.values()) == at_once
