"""`headlamp demo`, used by hand: sign in, look, filter, read, run, sign out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, expect
from tests.support.browsing import fits, sign_in, watch


def test_a_newcomer_signs_in_looks_at_pods_and_leaves(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    complaints, asked = watch(page)
    deep_link = f"{demo}/c/demo/pods?ns=shop"
    sign_in(page, deep_link, "Anna")
    page.wait_for_url(deep_link)
    grid = page.get_by_role("grid")
    expect(grid.get_by_text(re.compile("storefront-")).first).to_be_visible()

    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name=re.compile("^Filter"))).to_be_focused()
    page.keyboard.type("storefront")
    expect(grid.get_by_text(re.compile("basket-"))).to_have_count(0)
    grid.get_by_text(re.compile("storefront-")).first.click()
    details = page.get_by_role("complementary").first
    expect(details.get_by_text(re.compile("storefront-")).first).to_be_visible()
    details.get_by_role("tab", name="YAML").click()
    expect(details.get_by_text("apiVersion").first).to_be_visible()
    details.get_by_role("button", name="Logs").click()
    expect(page.get_by_text(re.compile("level=|INFO|GET|info")).first).to_be_visible()

    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    session = next(cookie for name, cookie in cookies.items() if re.fullmatch(r"headlamp-\d+", name))
    assert session["httpOnly"] is True
    assert session["sameSite"] == "Strict"
    assert len(session["name"]) + len(session["value"]) < 100
    storage = page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "eyJ" not in storage

    assert not complaints, complaints
    page.get_by_role("button", name=re.compile("^anna", re.IGNORECASE)).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name=re.compile("^Sign in")).first).to_be_visible()
    expect(page.get_by_role("grid")).to_have_count(0)
    # What was on its way when the session ended is refused, and the browser says so; nothing else may go wrong.
    assert all("401" in complaint for complaint in complaints), complaints
    assert {urlsplit(url).hostname for url in asked if url.startswith("http")} == {"localhost"}


def test_a_developer_of_one_namespace_is_told_what_is_missing(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, f"{demo}/c/demo/pods?ns=payments", "Ben")
    expect(page.get_by_role("alert").first).to_contain_text("You may not list pods in namespace payments")
    expect(page.get_by_text("list pods").first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="The cluster knows you as")).to_contain_text("in the group")
    page.goto(f"{demo}/c/demo/pods?ns=shop")
    expect(page.get_by_role("grid").get_by_text(re.compile("storefront-")).first).to_be_visible()


def test_a_phone_shows_the_list_without_scrolling_sideways(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 400, "height": 800})
    sign_in(page, f"{demo}/c/demo/pods?ns=shop", "Anna")
    expect(page.get_by_role("grid").first).to_be_visible()
    assert fits(page)


def test_strict_content_policy_lets_terminal_and_editor_work(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    complaints, _ = watch(page)
    sign_in(page, f"{demo}/c/demo/pods?ns=shop&q=basket-cache", "Anna")
    page.get_by_role("grid").get_by_text("basket-cache-0").first.click()
    page.get_by_role("complementary").first.get_by_role("button", name="Shell").click()
    terminal = page.get_by_role("tabpanel").filter(has=page.get_by_role("toolbar", name="Terminal tools"))
    expect(terminal).to_contain_text("$ ")
    terminal.get_by_role("textbox").first.focus()
    page.keyboard.type("echo a-b-$HOSTNAME\n")
    expect(terminal).to_contain_text("a-b-")
    assert not complaints, complaints
