"""Parts of the page that a list is drawn without: fetched ahead, and missed in words when they can't be fetched."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from tests.support.browsing import Held, sign_in

OPENED = "**/assets/opened-*.js"
MISSED = re.compile("could not be loaded")


@pytest.fixture
def address(demo: str, context: BrowserContext) -> str:
    """A list's, after somebody has signed in."""
    address = f"{demo}/c/demo/pods?ns=shop"
    page = context.new_page()
    sign_in(page, address, "Anna")
    expect(row(page)).to_be_visible()
    page.close()
    return address


def row(page: Page) -> Locator:
    return page.get_by_role("grid").get_by_text("storefront-").first


def test_what_is_opened_from_a_list_is_there_before_it_is_wanted(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    with page.expect_response(OPENED) as response:
        page.goto(address)
    # All of it: with what it imports, and its styles.
    page.evaluate("url => import(url).then(() => null)", response.value.url)
    page.wait_for_function("[...document.querySelectorAll('link[rel=stylesheet]')].every((link) => link.sheet)")
    context.set_offline(True)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find, go to, do")).to_be_visible()


def test_a_list_is_drawn_without_them_and_says_when_one_is_missing(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.route(OPENED, lambda route: route.abort())
    page.goto(address)
    expect(row(page)).to_be_visible()
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog", name="Not loaded")
    expect(dialog.get_by_role("alert")).to_contain_text(MISSED)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    row(page).click()
    expect(page.get_by_role("alert")).to_contain_text(MISSED)
    expect(page.get_by_role("button", name="Reload the page")).to_be_visible()
    expect(row(page)).to_be_visible()


def test_whoever_comes_by_a_link_to_an_object_gets_its_details_without_waiting_for_the_list(
    address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    # Without the kinds of the cluster no list is drawn.
    page.route("**/clusters/demo/apis", lambda _: None)
    with page.expect_request(OPENED):
        page.goto(f"{address}&sel=shop/storefront-0")
    expect(page.get_by_role("grid")).to_have_count(0)


def test_keys_are_not_the_lists_while_what_was_opened_is_on_its_way(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    held = Held(page, OPENED)
    page.goto(address)
    expect(row(page)).to_be_visible()
    page.keyboard.press("Control+k")
    coming = page.get_by_role("dialog", name="Loading")
    expect(coming).to_be_attached()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(coming).to_have_count(0)
    expect(page.locator("[data-key].selected")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(coming).to_be_attached()
    held.let_go()
    expect(page.get_by_role("combobox")).to_be_focused()


def test_the_page_itself_is_missed_in_words(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.route("**/assets/page-*.js", lambda route: route.fulfill(status=404))
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text(MISSED)
    page.unroute("**/assets/page-*.js")
    page.get_by_role("button", name="Reload the page").click()
    expect(row(page)).to_be_visible()


def test_details_on_a_phone_are_waited_for_in_sight_and_left_when_they_are_missing(
    address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    held = Held(page, OPENED)
    page.goto(address)
    page.get_by_role("grid").locator("[data-key]").first.click()
    expect(page.locator(".pane .wait")).to_be_visible()
    page.wait_for_function("document.querySelector('.pane .wait').getBoundingClientRect().width > 300")
    held.let_go(Route.abort)
    expect(page.get_by_role("alert")).to_contain_text(MISSED)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("grid").locator("[data-key]").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
