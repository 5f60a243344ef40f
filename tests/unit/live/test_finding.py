"""What a search finds: the best names first, each counted once, and others have their turn meanwhile."""

from __future__ import annotations

import asyncio

from headlamp.live.client_messages import Search
from headlamp.live.finding import Finding
from headlamp.live.protocol import ResourceRef
from headlamp.live.slices import ROWS_A_TURN

PODS = ResourceRef("", "v1", "pods", True)
SERVICES = ResourceRef("", "v1", "services", True)


def names(finding: Finding) -> list[str]:
    return [f"{hit.resource.plural} {hit.namespace}/{hit.name}" for hit in finding.answer(1, 0).hits]


async def test_the_best_of_all_that_was_looked_through_come_first() -> None:
    finding = Finding(Search(1, "demo", "web", limit=3))
    await finding.look_through(PODS, [("a", "my-web"), ("a", "other"), ("web", "x")])
    assert names(finding) == ["pods a/my-web", "pods web/x"]
    await finding.look_through(SERVICES, [("a", "web"), ("a", "web-1")])
    assert names(finding) == ["services a/web", "services a/web-1", "pods a/my-web"]
    assert finding.answer(1, 0).total == 4


async def test_a_name_that_is_in_two_lists_counts_once() -> None:
    finding = Finding(Search(1, "demo", "web"))
    for _ in range(2):
        await finding.look_through(PODS, [("a", "web"), ("b", "web")])
    assert names(finding) == ["pods a/web", "pods b/web"]
    assert finding.answer(1, 0).total == 2


async def test_others_have_their_turn_while_many_names_are_looked_through() -> None:
    finding = Finding(Search(1, "demo", "p"))
    slices = 5
    looking = asyncio.create_task(
        finding.look_through(PODS, [("a", f"p{number}") for number in range(slices * ROWS_A_TURN)])
    )
    seen = []
    while not looking.done():
        await asyncio.sleep(0)
        seen.append(finding.answer(1, 0).total)
    assert set(seen) >= {ROWS_A_TURN * turn for turn in range(1, slices + 1)}
    assert finding.answer(1, 0).hits[0].name == "p0"
