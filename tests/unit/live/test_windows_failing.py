"""What one viewer looks for, or one tenant writes into a cell, takes the list from nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, Page, View, until
from tests.unit.live.window_page import WindowPage, WindowView

from headlamp.live.hub import Hub
from headlamp.live.indexing import empty_index
from headlamp.live.ordering import sort_key
from headlamp.live.plan import Plan

WINDOW_FROM = 8
"""The fixture `api` has nine pods, three in each of three namespaces."""
NINES = "9" * 400


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub(timing=FAST, random=lambda: 0.5, window_from=WINDOW_FROM)
    yield made
    await made.close()


class Tab:
    """A page with one list, all of it or a window."""

    def __init__(self, viewer: FakeViewer, hub: Hub, *, whole: bool = False) -> None:
        self.page = WindowPage()
        self.page.connect(viewer, hub)
        view = self.page.subscribe(1) if whole else self.page.watch()
        assert isinstance(view, WindowView)
        self.view = view

    async def look(self, number: int, **view: Any) -> WindowView:
        """Look at something else, until that is answered."""
        self.page.look(number, **view)
        await until(lambda: self.view.answered == number)
        return self.view

    @property
    def total(self) -> int:
        return self.view.in_sight.total if self.view.in_sight else 0

    @property
    def problem(self) -> str:
        return self.view.in_sight.problem if self.view.in_sight else ""


@pytest.fixture
async def tabs(viewer: FakeViewer, hub: Hub) -> AsyncIterator[tuple[Tab, Tab, Tab]]:
    """Two who look into the same list by windows, and one who is sent all of it."""
    one, other, whole = Tab(viewer, hub), Tab(viewer, hub), Tab(viewer, hub, whole=True)
    await until(lambda: all(tab.view.state == "live" and bool(tab.view.synced) for tab in (one, other, whole)))
    yield one, other, whole
    for tab in (one, other, whole):
        await tab.page.disconnect()


def refuse_to_sort_by(column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(plan: Plan, *arguments: Any) -> Any:
        if plan.sort == column:
            raise ArithmeticError
        return empty_index(plan, *arguments)

    monkeypatch.setattr("headlamp.live.shelf.empty_index", broken)


async def test_a_view_that_can_t_be_worked_out_is_told_so_and_keeps_nobody_waiting(
    api: FakeApiServer, tabs: tuple[Tab, Tab, Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = tabs
    refuse_to_sort_by("Restarts", monkeypatch)
    view = await one.look(2, sort="Restarts")
    assert (view.names, one.total) == ([], 9)
    assert "failed to sort" in one.problem
    assert (await other.look(2, filter="p1")).names == ["a/p1", "b/p1", "c/p1"]
    api.put("pods", "a", "p3", "Running", "0", "0s")
    await until(lambda: (one.total, other.total) == (10, 10))
    assert "failed to sort" in one.problem
    assert (await one.look(3, filter="p2")).names == ["a/p2", "b/p2", "c/p2"]
    assert one.problem == ""


async def test_a_view_that_could_not_be_worked_out_is_tried_again_when_it_is_looked_at_again(
    tabs: tuple[Tab, Tab, Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _ = tabs
    with monkeypatch.context() as patch:
        refuse_to_sort_by("Restarts", patch)
        await one.look(2, sort="Restarts")
        await one.look(3, sort="Name")
    assert len((await one.look(4, sort="Restarts")).names) == 4
    assert one.problem == ""
    told = [message["problem"] for message in one.page.messages if message["type"] == "window" and message["view"] == 4]
    assert set(told) == {""}, "nor is it told of the failure before"


async def test_a_row_that_one_view_can_t_take_reaches_all_others(
    api: FakeApiServer, tabs: tuple[Tab, Tab, Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, whole = tabs

    def broken(cell: Any, *arguments: Any) -> Any:
        if cell == "poison":
            raise ArithmeticError
        return sort_key(cell, *arguments)

    monkeypatch.setattr("headlamp.live.plan.sort_key", broken)
    await one.look(2, sort="Status")
    api.put("pods", "a", "evil", "poison", "0", "0s")
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: {"a/evil", "a/later"} <= whole.view.rows.keys())
    await until(lambda: other.total == 11)
    await until(lambda: "failed to sort" in one.problem and one.total == 11)
    assert whole.view.statuses() == api.keys("pods")
    assert {tab.view.state for tab in tabs} == {"live"}
    assert (await other.look(2, filter="evil")).names == ["a/evil"]
    api.delete("pods", "a", "evil")
    await until(lambda: one.total == 10)
    assert (await one.look(3, sort="Name")).names[0] == "a/later"
    assert len((await one.look(4, sort="Status")).names) == 4
    assert one.problem == ""


@pytest.mark.parametrize("text", [f"{NINES}s", f"{NINES}/1", "9" * 5000 + "d", f"5 ({NINES}s ago)"])
async def test_a_number_without_measure_in_a_cell_is_a_text_for_everybody(
    api: FakeApiServer, tabs: tuple[Tab, Tab, Tab], text: str
) -> None:
    one, other, whole = tabs
    for number, column in enumerate(("Status", "Restarts", "Age", "@urgent"), 2):
        await one.look(number, sort=column, count=20)
    await other.look(2, sort="Status", count=20)
    api.put("pods", "a", "evil", text, text, text)
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: {"a/evil", "a/later"} <= whole.view.rows.keys())
    await until(lambda: all(tab.total == 11 and "a/evil" in tab.view.names for tab in (one, other)))
    assert whole.view.rows["a/evil"] == ["evil", text, text, text]
    assert (one.problem, other.problem) == ("", "")


@pytest.mark.parametrize("text", [f"age>{NINES}s", f"restarts>={NINES}/1", "age<" + "9" * 2000])
async def test_a_number_without_measure_in_a_filter_keeps_nobody_waiting(tabs: tuple[Tab, Tab, Tab], text: str) -> None:
    one, other, _ = tabs
    await one.look(2, filter=text)
    assert (await other.look(2, filter="p1")).names == ["a/p1", "b/p1", "c/p1"]


async def test_a_row_of_an_absurd_age_does_not_end_the_list(api: FakeApiServer, page: Page) -> None:
    view: View = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live" and bool(view.synced))
    api.put("pods", "a", "evil", "Running", "0", f"{NINES}s")
    await until(lambda: "a/evil" in view.rows)
    again = page.subscribe(2, namespaces=["a"])
    await until(lambda: len(again.rows) == 4)
    assert view.errors == again.errors == []
