"""Columns that a kind prints, whatever they are called."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect
from tests.support.browsing import sign_in, watch


def call(page: Page, name: str, other: str) -> None:
    """From now on the server calls a column `other`, as a custom resource may."""

    def renamed(message: str | bytes) -> str | bytes:
        told = json.loads(message if isinstance(message, str) else gzip.decompress(message))
        if told["type"] != "columns":
            return message
        for column in told["columns"]:
            if column["name"] == name:
                column |= {"name": other, "priority": 0}
        return json.dumps(told)

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: socket.send(renamed(message)))
        socket.on_message(server.send)

    page.route_web_socket(re.compile("/api/live"), between)


@pytest.mark.parametrize("other", ["Namespace", "IP"])
def test_two_columns_of_one_name_are_both_shown(demo: str, context: BrowserContext, other: str) -> None:
    page = context.new_page()
    complaints, _ = watch(page)
    call(page, "Node", other)
    sign_in(page, f"{demo}/c/demo/pods?sort=Name", "Anna")
    grid = page.get_by_role("grid")
    expect(grid.locator("[data-key]").first).to_be_visible()
    page.get_by_role("button", name="Columns", exact=True).click()
    boxes = page.get_by_role("dialog", name="Columns").get_by_label(other, exact=True)
    expect(boxes).to_have_count(2)
    for at in range(2):
        boxes.nth(at).set_checked(True)
    page.keyboard.press("Escape")
    expect(grid.get_by_role("columnheader", name=other, exact=True)).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Order: ")).click()
    expect(page.get_by_role("dialog", name=re.compile("^Order: ")).get_by_text(other, exact=True)).to_have_count(2)
    assert complaints == []


def test_every_cell_says_which_column_it_is_of(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, f"{demo}/c/demo/pods?sort=Name", "Anna")
    grid = page.get_by_role("grid")
    expect(grid.locator("[data-key]").first).to_be_visible()
    cells, heads, count = grid.evaluate(
        """grid => {
          const places = (cells) => [...cells].map((cell) => Number(cell.getAttribute("aria-colindex")));
          const row = grid.querySelector("[data-key]");
          const heads = places(grid.querySelectorAll("[role=columnheader]"));
          return [places(row.querySelectorAll("[role=gridcell]")), heads, Number(grid.getAttribute("aria-colcount"))];
        }"""
    )
    assert cells == list(range(1, count + 1))
    assert heads == cells[1:]
