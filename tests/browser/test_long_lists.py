"""A list that is too long to be sent whole: the page shows a window of it, and the server filters, sorts and counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect
from tests.support.browsing import sign_in, until, watch
from tests.support.demo_in_thread import demo_with_windows

PODS, WINDOW_FROM = 1200, 300
# Rows that the page has at most: four pages of a window of this size, and not the list.
MOST_HERE = 150


@pytest.fixture(scope="module")
def long_demo(free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo whose pods come in windows, and whose other lists don't."""
    with demo_with_windows(tmp_path_factory.mktemp("demo"), free_port(), pods=PODS, window_from=WINDOW_FROM) as url:
        yield url


@pytest.fixture
def page(long_demo: str, context: BrowserContext) -> Page:
    """All pods, by name."""
    page = context.new_page()
    sign_in(page, f"{long_demo}/c/demo/pods?sort=Name", "Anna")
    expect(rows(page).first).to_be_visible()
    expect(page.locator(".list .count")).to_have_text(re.compile(r"^1,\d\d\d$"))
    return page


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("[data-key]")


def names(page: Page) -> list[str]:
    keys: list[str] = rows(page).evaluate_all("rows => rows.map((row) => row.dataset.key.split('/')[1])")
    return keys


def height(page: Page) -> float:
    found: float = page.get_by_role("grid").evaluate("grid => grid.scrollHeight")
    return found


def scrolled(page: Page) -> float:
    """How far down the list is, in pixels."""
    found: float = page.get_by_role("grid").evaluate("grid => grid.scrollTop")
    return found


def selected(page: Page) -> Locator:
    return page.locator("[data-key].selected")


def test_has_room_for_all_rows_and_holds_those_in_sight(page: Page) -> None:
    until(page, lambda: height(page) > (PODS - 200) * 28, lambda: height(page))
    assert rows(page).count() < MOST_HERE


def test_shows_the_rows_that_are_scrolled_to(page: Page) -> None:
    before = names(page)
    page.get_by_role("grid").evaluate("grid => grid.scrollTop = grid.scrollHeight / 2")
    expect(page.locator(f'[data-key$="/{before[0]}"]')).to_have_count(0)
    expect(rows(page).first).to_be_visible()
    expect(page.locator(".pending")).to_have_count(0)
    until(page, lambda: bool(names(page)) and not set(before) & set(names(page)), lambda: names(page))


def test_filters_and_counts_on_the_server(page: Page) -> None:
    field = page.get_by_role("textbox", name=re.compile("^Filter"))
    field.fill("storefront status:running")
    expect(page.locator(".list .count")).to_have_text(re.compile(r"^[\d,]+ of 1,\d\d\d$"))
    expect(rows(page).first).to_contain_text("storefront")
    until(page, lambda: all("storefront" in name for name in names(page)), lambda: names(page))
    field.fill("storefront age>soon")
    expect(page.locator("#filter-problem")).to_contain_text("“soon” is no number, quantity or duration")
    field.fill("")
    expect(page.locator("#filter-problem")).to_have_count(0)
    expect(page.locator(".list .count")).to_have_text(re.compile(r"^1,\d\d\d$"))


def test_a_filter_that_is_too_long_is_cut_between_conditions_and_that_is_told(page: Page) -> None:
    # The server takes 2,048 characters; the last one of these would be half a smile.
    text = f"storefront -{'x' * (2047 - len('storefront -'))}\N{GRINNING FACE}"
    page.goto(f"{page.url.partition('?')[0]}?sort=Name&q={quote(text)}")
    expect(rows(page).first).to_contain_text("storefront")
    expect(page.locator("#filter-problem")).to_contain_text("Only the first 2,048 characters of the filter")


def test_sorts_on_the_server(page: Page) -> None:
    first = names(page)[0]
    page.get_by_role("columnheader", name="Name", exact=True).get_by_role("button").click()
    expect(page.get_by_role("columnheader", name="Name", exact=True)).to_have_attribute("aria-sort", "descending")
    expect(rows(page).first).not_to_have_attribute("data-key", re.compile(first))
    until(page, lambda: names(page)[0] > first, lambda: names(page))


def test_goes_by_keyboard_to_rows_that_are_not_here_yet(page: Page) -> None:
    first = names(page)[0]
    page.keyboard.press("j")
    expect(selected(page)).to_have_attribute("data-key", re.compile(f"/{first}$"))
    page.keyboard.press("End")
    expect(selected(page)).not_to_have_attribute("data-key", re.compile(f"/{first}$"))
    expect(selected(page)).to_be_in_viewport()
    last = str(selected(page).get_attribute("data-key")).partition("/")[2]
    assert last > first
    expect(page.get_by_role("complementary").filter(has_text=last)).to_be_visible()
    page.keyboard.press("k")
    expect(selected(page)).not_to_have_attribute("data-key", re.compile(f"/{last}$"))
    page.keyboard.press("Home")
    expect(selected(page)).to_have_attribute("data-key", re.compile(f"/{first}$"))


def test_a_link_to_a_row_far_down_scrolls_to_it(page: Page) -> None:
    page.keyboard.press("End")
    expect(selected(page)).to_be_in_viewport()
    key = str(selected(page).get_attribute("data-key"))
    expect(page).to_have_url(re.compile(re.escape(f"sel={key}")))
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.locator(f'[data-key="{key}"]')).to_be_in_viewport()
    expect(selected(again)).to_have_attribute("data-key", key)
    assert rows(again).count() < MOST_HERE
    # From then on the reader scrolls.
    again.get_by_role("grid").evaluate("grid => grid.scrollTop = 0")
    expect(again.locator(f'[data-key="{key}"]')).to_have_count(0)
    expect(again.locator(".pending")).to_have_count(0)
    assert scrolled(again) == 0


def test_a_namespace_with_few_rows_comes_whole_and_all_come_in_windows_again(page: Page) -> None:
    complaints, _ = watch(page)
    address = page.url
    page.goto(address.replace("?", "?ns=kube-system&"))
    expect(rows(page).first).to_contain_text("coredns")
    page.go_back()
    expect(page.locator(".list .count")).to_have_text(re.compile(r"^1,\d\d\d$"))
    assert rows(page).count() < MOST_HERE
    assert complaints == []


def test_a_place_that_was_gone_to_among_other_rows_is_not_selected_later(
    long_demo: str, context: BrowserContext
) -> None:
    page = context.new_page()
    held: list[str | bytes] = []
    holding = False

    def between(client: WebSocketRoute) -> None:
        server = client.connect_to_server()
        client.on_message(server.send)
        server.on_message(lambda message: held.append(message) if holding else client.send(message))
        clients.append(client)

    clients: list[WebSocketRoute] = []
    page.route_web_socket(re.compile("/api/live$"), between)
    sign_in(page, f"{long_demo}/c/demo/pods?sort=Name", "Anna")
    expect(rows(page).first).to_be_visible()
    holding = True
    page.keyboard.press("End")
    expect(page.locator(".pending").first).to_be_visible()
    field = page.get_by_role("textbox", name=re.compile("^Filter"))
    field.fill("storefront")
    field.fill("")
    expect(page).not_to_have_url(re.compile("storefront"))
    holding = False
    for message in held:
        clients[-1].send(message)
    page.get_by_role("grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
    expect(rows(page).first).to_be_visible()
    expect(page.locator(".pending")).to_have_count(0)
    assert scrolled(page) > 0
    expect(page).not_to_have_url(re.compile("sel="))


def test_a_filter_that_is_cleared_shows_the_beginning_although_the_pointer_rests_on_a_row(
    page: Page, long_demo: str
) -> None:
    # A list that is here as a whole.
    page.goto(f"{long_demo}/c/demo/pods?ns=shop&sort=Name")
    expect(rows(page).first).to_be_visible()
    last = page.get_by_role("grid").evaluate("grid => grid.scrollTop = grid.scrollHeight") and names(page)[-1]
    field = page.get_by_role("textbox", name=re.compile("^Filter"))
    field.fill(str(last))
    expect(rows(page)).to_have_count(1)
    rows(page).first.hover()
    field.press("Control+a")
    field.press("Delete")
    expect(page.locator(".list .count")).not_to_contain_text("of")
    expect(rows(page).nth(1)).to_be_visible()
    until(page, lambda: scrolled(page) == 0, lambda: scrolled(page))
    expect(page.get_by_role("button", name=re.compile("new above"))).to_have_count(0)


def test_help_on_the_filter_is_a_key_away(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="How to filter")).to_contain_text("age>1h")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="How to filter")).to_have_count(0)
    expect(page.get_by_role("button", name="How to filter")).to_be_focused()
