"""A look that asks for nothing else than the one before costs nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer

from headlamp.live.extra.allowance import Allowance
from headlamp.live.extra.extras import Extras
from headlamp.live.members import alone
from headlamp.live.protocol import Column, Key
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.upstream import Upstream

NAME = Column("Name", "string", "name", 0, "", False)
SELECTION = Selection("", "v1", "pods", True)
ROWS = [("a", "p1"), ("a", "p2")]


class CountedTable(RowTable):
    """Counts how often all rows are gone through, and single ones looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def __iter__(self) -> Any:
        self.asked += 1
        return super().__iter__()

    def __contains__(self, key: Key) -> bool:
        self.asked += 1
        return super().__contains__(key)


@pytest.fixture
def table() -> CountedTable:
    made = CountedTable()
    made.define((NAME,))
    for namespace, name in ROWS:
        made.put((namespace, name, [name]), 0.0)
    return made


@pytest.mark.parametrize("rows", [None, ROWS], ids=["all rows", "rows in view"])
async def test_a_look_that_is_as_the_one_before_looks_at_no_row(table: CountedTable, rows: list[Key] | None) -> None:
    viewer = FakeViewer(FakeApiServer())
    access = await viewer.open("demo")
    tables = [table]
    extras = Extras(
        Upstream(alone(access, lambda: viewer.open("demo")), timing=FAST, now=lambda: 0.0),
        SELECTION,
        lambda: tables[-1],
        allowance=Allowance(),
        random=lambda: 0.5,
        changed=lambda: None,
    )
    extras.look(["label:app"], rows)
    assert table.asked
    table.asked = 0
    extras.look(["label:app"], rows)
    assert not table.asked
    # Of a table that took its place nothing is known.
    tables.append(CountedTable())
    extras.look(["label:app"], rows)
    assert tables[-1].asked
    extras.close()
