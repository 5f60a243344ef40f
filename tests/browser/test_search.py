"""The palette finds objects by name: in the lists that are open, and in every kind when asked for everything."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.support.browsing import sign_in

DEPLOYMENT = re.compile("storefront.*deployment", re.IGNORECASE)


@pytest.fixture
def page(demo: str, context: BrowserContext) -> Page:
    """The services of all namespaces, with the palette open."""
    page = context.new_page()
    sign_in(page, f"{demo}/c/demo/services", "Anna")
    expect(page.get_by_role("grid").locator("[data-key]").first).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    return page


def choice(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("option").filter(has_text=text)


def test_names_of_the_list_that_is_open_are_found_and_opened(page: Page) -> None:
    page.get_by_role("combobox").fill("storefront")
    expect(choice(page, "storefront").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/services\?.*sel=.*storefront"))


def test_a_kind_is_gone_to_by_the_beginning_of_its_name(page: Page) -> None:
    page.get_by_role("combobox").fill("depl")
    expect(choice(page, "Search all kinds for depl")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/deployments\.apps"))


def test_everything_is_searched_when_somebody_asks_for_it(page: Page) -> None:
    page.get_by_role("combobox").fill("storefront")
    expect(choice(page, DEPLOYMENT)).to_have_count(0)
    choice(page, "Search all kinds for storefront").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"found in \d+ kinds"))).to_be_visible()
    expect(choice(page, DEPLOYMENT).first).to_be_visible()
    choice(page, DEPLOYMENT).first.click()
    expect(page).to_have_url(re.compile(r"/deployments\.apps\?.*sel=.*storefront"))
    expect(page.locator("[data-key].selected")).to_contain_text("storefront")


def test_lists_in_other_tabs_are_searched_too(page: Page, demo: str) -> None:
    other = page.context.new_page()
    other.goto(f"{demo}/c/demo/deployments.apps")
    expect(other.get_by_role("grid").locator("[data-key]").first).to_be_visible()
    page.bring_to_front()
    page.get_by_role("combobox").fill("storefront")
    expect(page.get_by_text("In your other lists")).to_be_visible()
    expect(choice(page, DEPLOYMENT).first).to_be_visible()
