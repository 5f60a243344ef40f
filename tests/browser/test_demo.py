"""`headlamp demo`, used by hand: sign in, look, filter, read, run, sign out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright
from tests.conftest import chromium
from tests.support.chromium import FLAGS

PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def demo(free_port: Callable[[], int]) -> Iterator[str]:
    """A running demo; its address."""
    command = [sys.executable, "-m", "headlamp", "demo", "--no-browser", "--port", str(free_port())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as run:
        assert run.stdout is not None
        address = ""
        for line in run.stdout:
            if found := re.match(r"Open (http://localhost:\d+)", line):
                address = found[1]
                break
        assert address, "the demo ended without getting ready"
        yield address
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=10)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def context(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser of one's own, with nothing in it."""
    browser = playwright.chromium.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium(), args=list(FLAGS), viewport={"width": 1440, "height": 900}
    )
    browser.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield browser
    browser.close()


def sign_in(page: Page, address: str, person: str) -> None:
    """Follow a link of the page's, sign in as `person`, and come back."""
    page.goto(address)
    page.get_by_role("link", name=re.compile("^Sign in")).first.click()
    page.get_by_role("button", name=re.compile(person)).first.click()


def watch(page: Page) -> tuple[list[str], list[str]]:
    """Complaints of the browser, and addresses that were asked."""
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return complaints, asked


def test_a_newcomer_signs_in_looks_at_pods_and_leaves(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    complaints, asked = watch(page)
    deep_link = f"{demo}/c/demo/pods?ns=shop"
    sign_in(page, deep_link, "Anna")
    page.wait_for_url(deep_link)
    grid = page.get_by_role("grid")
    expect(grid.get_by_text(re.compile("storefront-")).first).to_be_visible()

    page.keyboard.press("/")
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
    page.goto(f"{demo}/c/demo/pods?ns=shop")
    expect(page.get_by_role("grid").get_by_text(re.compile("storefront-")).first).to_be_visible()


def test_a_phone_shows_the_list_without_scrolling_sideways(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 400, "height": 800})
    sign_in(page, f"{demo}/c/demo/pods?ns=shop", "Anna")
    expect(page.get_by_role("grid").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_strict_content_policy_lets_terminal_and_editor_work(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    complaints, _ = watch(page)
    sign_in(page, f"{demo}/c/demo/pods?ns=shop&q=basket-cache", "Anna")
    page.get_by_role("grid").get_by_text("basket-cache-0").first.click()
    page.get_by_role("complementary").first.get_by_role("button", name="Shell").click()
    terminal = page.get_by_role("tabpanel").filter(has=page.get_by_role("toolbar", name="Terminal tools"))
    expect(terminal.get_by_role("status").first).to_contain_text("Open")
    terminal.get_by_role("textbox").first.focus()
    page.keyboard.type("echo a-b-$HOSTNAME\n")
    expect(terminal).to_contain_text("a-b-")
    assert not complaints, complaints
