"""Columns that a reader adds to a list: labels, containers, expressions, owners."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.conftest import Browse
from tests.support.axe import violations
from tests.support.browsing import sign_in, until, watch

NO_METRICS = re.compile("Nobody measures what pods use here")


@pytest.fixture
def pods(demo: str, context: BrowserContext) -> Iterator[Page]:
    """The pods of a namespace, as the cluster's admin sees them."""
    page = context.new_page()
    complaints, _ = watch(page)
    sign_in(page, f"{demo}/c/demo/pods?ns=shop&sort=Name", "Anna")
    expect(grid(page).get_by_text("storefront-").first).to_be_visible()
    yield page
    assert complaints == []


def grid(page: Page) -> Locator:
    return page.get_by_role("grid")


def menu(page: Page) -> Locator:
    """The columns menu, opened if it is not."""
    panel = page.get_by_role("dialog", name="Columns")
    if panel.count() == 0:
        page.get_by_role("button", name="Columns", exact=True).click()
    return panel


def add(page: Page, what: str, text: str) -> None:
    panel = menu(page)
    panel.get_by_label("What the new column shows").select_option(what)
    panel.get_by_role("combobox", name=re.compile("Key|Expression")).or_(
        panel.get_by_role("textbox", name=re.compile("Key|Expression"))
    ).fill(text)
    panel.get_by_role("button", name="Add column").click()


def shown(page: Page, title: str) -> list[str]:
    """What the rows in view say in a column, from the top, when all is read."""
    head = grid(page).get_by_role("columnheader", name=title)
    expect(head).to_be_visible()
    texts: list[str] = []

    def read() -> bool:
        # Columns make room for each other while the first rows come.
        place = head.get_attribute("aria-colindex")
        texts[:] = grid(page).locator(f"[data-key] [aria-colindex='{place}']").all_inner_texts()
        return bool(texts) and all(text.strip() for text in texts)

    until(page, read, grid(page).inner_text)
    return texts


def looks(page: Page) -> list[dict[str, Any]]:
    """What the page looks at, message by message, from now on."""
    said: list[dict[str, Any]] = []

    def hear(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "look":
            said.append(message)

    page.on("websocket", lambda socket: socket.on("framesent", hear))
    return said


def test_a_label_an_expression_and_containers_become_columns_and_stay(pods: Page) -> None:
    add(pods, "Label", "app.kubernetes.io/name")
    add(pods, "JSONPath", "{.spec.nodeName}")
    menu(pods).get_by_label("Containers").check()
    menu(pods).get_by_label("Owner").check()
    pods.keyboard.press("Escape")
    expect(grid(pods).get_by_role("columnheader", name="Owner")).to_be_visible()
    expect(grid(pods).get_by_role("img", name=re.compile(r": running, ready")).first).to_be_visible()
    until(pods, lambda: "storefront" in shown(pods, "app.kubernetes.io/name"), grid(pods).inner_text)
    assert any(text != "<none>" for text in shown(pods, "nodeName"))
    pods.reload()
    expect(grid(pods).get_by_role("img", name=re.compile(r": running, ready")).first).to_be_visible()
    until(pods, lambda: "storefront" in shown(pods, "app.kubernetes.io/name"), grid(pods).inner_text)


def test_a_key_is_offered_that_objects_have(pods: Page) -> None:
    panel = menu(pods)
    expect(panel.locator("datalist option[value='app.kubernetes.io/name']")).to_have_count(1)


def test_an_owner_is_a_link_to_it(pods: Page) -> None:
    menu(pods).get_by_label("Owner").check()
    pods.keyboard.press("Escape")
    grid(pods).get_by_role("link", name=re.compile("ReplicaSet.storefront-")).first.click()
    expect(pods.get_by_role("heading", name=re.compile("Replica ?Sets", re.IGNORECASE)).first).to_be_visible()
    expect(pods).to_have_url(re.compile("sel=shop/storefront-"))


def test_an_expression_that_is_not_understood_is_told_and_leaves_the_rest(pods: Page) -> None:
    panel = menu(pods)
    panel.get_by_label("What the new column shows").select_option("JSONPath")
    panel.get_by_role("textbox", name="Expression").or_(panel.get_by_role("combobox", name="Expression")).fill("spec")
    expect(panel.get_by_text("A path begins with a dot")).to_be_visible()
    expect(panel.get_by_role("button", name="Add column")).to_be_disabled()
    add(pods, "JSONPath", "{..image}")
    expect(menu(pods).get_by_text("The expression is not understood from")).to_be_visible()
    menu(pods).get_by_role("button", name="Remove column jsonpath:{..image}").click()
    expect(menu(pods).get_by_text("The expression is not understood from")).to_have_count(0)


def test_usage_says_why_it_is_empty_where_nobody_measures(pods: Page) -> None:
    menu(pods).get_by_label("CPU used").check()
    expect(menu(pods).get_by_text(NO_METRICS)).to_be_visible()
    pods.keyboard.press("Escape")
    expect(grid(pods).get_by_role("img", name=NO_METRICS)).to_be_visible()


def test_rows_are_sorted_and_filtered_by_a_label(pods: Page) -> None:
    add(pods, "Label", "app.kubernetes.io/name")
    pods.keyboard.press("Escape")
    head = grid(pods).get_by_role("columnheader", name="app.kubernetes.io/name")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")

    def in_order() -> bool:
        names = [text for text in shown(pods, "app.kubernetes.io/name") if text != "<none>"]
        return len(set(names)) > 1 and names == sorted(names, reverse=True)

    # The arrow turns at once; rows take their places as what they sort by is read.
    until(pods, in_order, grid(pods).inner_text)
    expect(pods).to_have_url(re.compile("sort=-label:app.kubernetes.io/name"))


def test_a_filter_looks_at_a_column_that_is_not_shown(pods: Page) -> None:
    field = pods.get_by_role("textbox", name=re.compile("^Filter"))
    field.fill("label:app.kubernetes.io/name:basket-cache")
    expect(grid(pods).get_by_text("storefront-")).to_have_count(0)
    expect(grid(pods).get_by_text("basket-cache-").first).to_be_visible()
    field.fill("usage:gpu>1")
    expect(pods.get_by_text(re.compile("There is no column “usage:gpu”"))).to_be_visible()
    field.fill('-label:"app.kubernetes.io/name,other"')
    expect(pods.get_by_text(re.compile("No selector says the opposite"))).to_be_visible()
    expect(grid(pods).get_by_text("storefront-").first).to_be_visible()


def test_a_filter_looks_at_what_an_added_column_says(pods: Page) -> None:
    add(pods, "Label", "app.kubernetes.io/name")
    pods.keyboard.press("Escape")
    until(pods, lambda: set(shown(pods, "app.kubernetes.io/name")) > {"basket-cache"}, grid(pods).inner_text)
    pods.get_by_role("textbox", name=re.compile("^Filter")).fill("app.kubernetes.io/name:basket-cache")
    expect(grid(pods).get_by_text("storefront-")).to_have_count(0)
    until(pods, lambda: set(shown(pods, "app.kubernetes.io/name")) == {"basket-cache"}, grid(pods).inner_text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whoever_can_not_see_or_point_is_told_the_same(demo: str, browse: Browse, scheme: str) -> None:
    with browse(color_scheme=scheme) as context:
        page = context.new_page()
        sign_in(page, f"{demo}/c/demo/pods?ns=shop&sort=Name", "Anna")
        expect(grid(page).get_by_text("storefront-").first).to_be_visible()
        for name in ("Containers", "Owner", "CPU used"):
            menu(page).get_by_label(name).check()
        expect(menu(page).get_by_text(NO_METRICS)).to_be_visible()
        expect(grid(page).get_by_role("link", name=re.compile("ReplicaSet")).first).to_be_visible()
        assert violations(page) == []


def test_only_rows_in_view_are_looked_at_until_the_order_depends_on_all(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, f"{demo}/c/demo/pods?ns=shop", "Anna")
    expect(grid(page).get_by_text("storefront-").first).to_be_visible()
    said = looks(page)
    page.reload()
    expect(grid(page).get_by_text("storefront-").first).to_be_visible()
    menu(page).get_by_label("Owner").check()
    page.keyboard.press("Escape")
    expect(grid(page).get_by_role("link", name=re.compile("ReplicaSet")).first).to_be_visible()
    assert said
    assert all(message["rows"] is not None for message in said)
    grid(page).get_by_role("columnheader", name="Owner").get_by_role("button").click()
    expect(grid(page).get_by_role("columnheader", name="Owner")).to_have_attribute("aria-sort", "ascending")
    until(page, lambda: said[-1]["rows"] is None, lambda: said)
    assert said[-1] == {"type": "look", "id": said[-1]["id"], "extra": ["owner"], "rows": None}


def test_the_menu_is_worked_by_keyboard(pods: Page) -> None:
    pods.get_by_role("button", name="Columns", exact=True).focus()
    pods.keyboard.press("Enter")
    panel = pods.get_by_role("dialog", name="Columns")
    expect(panel).to_be_visible()
    panel.get_by_label("What the new column shows").focus()
    pods.keyboard.press("Tab")
    pods.keyboard.type("app.kubernetes.io/name")
    pods.keyboard.press("Enter")
    expect(grid(pods).get_by_role("columnheader", name="app.kubernetes.io/name")).to_be_visible()
    pods.keyboard.press("Escape")
    expect(pods.get_by_role("button", name="Columns", exact=True)).to_be_focused()
