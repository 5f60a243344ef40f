"""The sentence above a list: what is typed, kept and dropped, and where the next key goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.support.browsing import sign_in, watch


@pytest.fixture
def pods(demo: str, context: BrowserContext) -> Iterator[Page]:
    """All pods, as the cluster's admin sees them."""
    page = context.new_page()
    complaints, _ = watch(page)
    sign_in(page, f"{demo}/c/demo/pods?sort=Name", "Anna")
    expect(rows(page).first).to_be_visible()
    yield page
    assert complaints == []


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("[data-key]")


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("^Filter"))


def chips(page: Page) -> Locator:
    return page.get_by_role("search").get_by_role("button", name=re.compile("^Drop: "))


def expect_filter(page: Page, text: str) -> None:
    """Wait until the page's address has this filter."""
    page.wait_for_function("text => (new URLSearchParams(location.search).get('q') ?? '') === text", arg=text)


def follow(page: Page, query: str) -> None:
    page.goto(f"{page.url.partition('?')[0]}?{query}")


def test_the_same_condition_twice_is_two_chips(pods: Page) -> None:
    follow(pods, "q=shop%20shop")
    expect(pods.get_by_role("heading", name="Pods")).to_be_visible()
    expect(chips(pods)).to_have_count(2)
    expect(rows(pods).first).to_be_visible()


def test_a_condition_that_is_there_already_may_be_typed_again(pods: Page) -> None:
    for text in ("shop", "shop"):
        field(pods).press_sequentially(text)
        field(pods).press("Enter")
    expect(chips(pods)).to_have_count(2)
    field(pods).press_sequentially("shop storefront")
    expect(chips(pods)).to_have_count(2)
    expect_filter(pods, "shop shop shop storefront")
    expect(rows(pods).first).to_contain_text("storefront")
    for left in (1, 0):
        field(pods).fill("")
        field(pods).press("Backspace")
        expect(chips(pods)).to_have_count(left)
    expect_filter(pods, "")


def test_the_chip_that_is_pressed_goes_and_the_field_has_focus(pods: Page) -> None:
    follow(pods, "q=-storefront-0%20storefront")
    pods.get_by_role("button", name="Drop: with storefront", exact=True).click()
    expect(chips(pods)).to_have_count(1)
    expect_filter(pods, "-storefront-0")
    expect(field(pods)).to_be_focused()


def test_dropping_what_no_row_meets_leaves_the_field_with_focus(pods: Page) -> None:
    follow(pods, "q=storefront%20nothing-like-it")
    pods.get_by_role("button", name="Drop with nothing-like-it").click()
    expect(rows(pods).first).to_contain_text("storefront")
    expect(field(pods)).to_be_focused()


def test_a_quote_that_is_kept_open_takes_in_nothing_more(pods: Page) -> None:
    field(pods).press_sequentially('"shop')
    field(pods).press("Enter")
    field(pods).press_sequentially("storefront")
    expect_filter(pods, '"shop" storefront')
    expect(rows(pods).first).to_contain_text("storefront")


def test_a_status_is_filtered_by_where_a_column_has_that_title(pods: Page) -> None:
    stored = json.dumps(["label:status", "label:name"])
    pods.evaluate("stored => localStorage.setItem('extra-columns:pods', stored)", stored)
    follow(pods, "q=status:Running%20name:storefront")
    expect(rows(pods).first).to_contain_text("storefront")
    expect(rows(pods).first).to_contain_text("Running")


def test_a_status_of_the_menu_is_picked_and_focus_stays_at_its_button(pods: Page) -> None:
    pods.set_viewport_size({"width": 700, "height": 900})
    more = pods.get_by_role("group", name="How many there are by status").get_by_role(
        "button", name=re.compile("more$")
    )
    more.click()
    panel = pods.get_by_role("dialog", name=re.compile("more$"))
    # Rows that change may take away what has focus in the panel.
    panel.locator("button:focus").evaluate("button => button.remove()")
    expect(more).to_be_focused()
    pods.keyboard.press("Escape")
    expect(more).to_have_attribute("aria-expanded", "false")
    more.click()
    panel.get_by_role("button").last.click()
    expect(panel).to_have_count(0)
    expect(pods).to_have_url(re.compile("q=status:"))
    expect(more).to_be_focused()
