"""Every place of the page, as axe sees it: WCAG 2.2 up to AA, light, dark and in high contrast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Browse
from tests.support.api_server import SmallApiServer
from tests.support.axe import violations
from tests.support.browsing import sign_in
from tests.support.whole_in_thread import Served, served

PODS = "/c/main/pods?ns=shop"
SIGN_IN = re.compile("^Sign in with")
THEMES = ["light", "dark", "hc"]


@pytest.fixture
def api_server() -> SmallApiServer:
    return SmallApiServer()


@pytest.fixture
def server(tmp_path: Path, api_server: SmallApiServer) -> Iterator[Served]:
    with served(tmp_path, doctor_groups=("cluster-admins",)) as running:
        running.whole.upstream.handler = api_server
        yield running


@pytest.fixture(params=THEMES)
def context(request: pytest.FixtureRequest, browse: Browse) -> Iterator[BrowserContext]:
    """A browser whose person likes one of the themes."""
    theme: str = request.param
    scheme = "light" if theme == "light" else "dark"
    contrast = "more" if theme == "hc" else "no-preference"
    with browse(color_scheme=scheme, contrast=contrast) as opened:
        yield opened


def check(page: Page) -> None:
    found = violations(page)
    assert not found, "\n".join(found)


def test_the_sign_in_page_and_what_can_be_unfolded_on_it(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/signed-out")
    check(page)
    context.request.get(f"{server.url}/oidc?cluster=main&return_to=/", max_redirects=0)
    page.goto(server.url + PODS)
    expect(page.get_by_role("status").filter(has_text="has not come back")).to_be_visible()
    check(page)
    page.get_by_text("Use a token instead").click()
    check(page)


def test_the_sign_in_page_without_script(server: Served, browse: Browse) -> None:
    """axe needs script, so the markup is put on a page that has it."""
    with browse(java_script_enabled=False) as bare:
        page = bare.new_page()
        page.goto(server.url + PODS)
        expect(page.get_by_role("link", name=SIGN_IN)).to_be_visible()
        markup = page.locator("main").evaluate("main => main.outerHTML")
    with browse() as scripted:
        page = scripted.new_page()
        page.goto(f"{server.url}/signed-out")
        page.locator("main").evaluate("(main, markup) => (main.outerHTML = markup)", markup)
        expect(page.get_by_role("link", name=SIGN_IN)).to_be_visible()
        check(page)


def test_a_sign_in_that_failed_and_the_end_of_one_in_a_window(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    server.whole.idp.deviations.authorization_response = {"error": "access_denied", "error_description": "no"}
    page.goto(f"{server.url}/oidc?cluster=main&return_to=/")
    expect(page.get_by_role("link", name=re.compile("^Sign in again"))).to_be_visible()
    check(page)
    # With nobody to answer it goes on by itself; it is looked at before that.
    context.add_init_script("BroadcastChannel.prototype.postMessage = () => undefined; window.opener = window;")
    page.goto(f"{server.url}/auth?cluster=main")
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    check(page)


def test_a_cluster_that_refuses_the_menu_and_the_sessions(
    server: Served, context: BrowserContext, api_server: SmallApiServer
) -> None:
    api_server.refuses = True
    page = context.new_page()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_text("The token, decoded").click()
    check(page)
    page.get_by_role("button", name=re.compile("^alice")).click()
    check(page)
    page.get_by_role("button", name="Your sessions").click()
    dialog = page.get_by_role("dialog", name="Your sessions")
    dialog.get_by_role("button", name=re.compile("^End the session")).click()
    check(page)


def test_a_sign_in_that_ended_and_another_person_who_came(
    server: Served, context: BrowserContext, api_server: SmallApiServer
) -> None:
    api_server.refuses = True
    page = context.new_page()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_text("Use a token instead").click()
    page.get_by_label("Bearer token for main").fill("half-a-secret")
    assert context.request.delete(f"{server.url}/api/session").ok
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_be_visible()
    check(page)
    server.whole.idp.user = "bob"
    with page.expect_popup():
        page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="bob is signed in now")
    expect(dialog).to_be_visible()
    check(page)
    dialog.get_by_role("button", name="Look at the text").click()
    check(page)


def test_the_diagnosis_and_the_clusters(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("heading", name="Clusters")).to_be_visible()
    check(page)
    page.goto(f"{server.url}/diagnosis")
    expect(page.get_by_role("status").filter(has_text="Asked at")).to_be_visible()
    page.get_by_role("button", name="What is well").click()
    check(page)
    page.goto(f"{server.url}/doctor")
    expect(page.get_by_role("heading", name="Diagnosis")).to_be_visible()
    check(page)


def test_a_list_its_details_the_dock_and_an_ended_sign_in(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    address = f"{demo}/c/demo/pods?ns=shop"
    sign_in(page, address, "Anna")
    page.wait_for_url(address)
    row = page.get_by_role("grid").get_by_text(re.compile("storefront-")).first
    expect(row).to_be_visible()
    check(page)
    row.click()
    details = page.get_by_role("complementary").first
    expect(details.get_by_role("tab", name="Events")).to_be_visible()
    expect(details.get_by_text("Containers").first).to_be_visible()
    check(page)
    details.get_by_role("tab", name="YAML").click()
    expect(details.get_by_text("apiVersion").first).to_be_visible()
    details.get_by_role("button", name="Logs").click()
    details.get_by_role("button", name="Shell").click()
    expect(page.get_by_role("toolbar", name="Terminal tools")).to_be_visible()
    check(page)
    page.keyboard.press("Control+k")
    check(page)
    page.keyboard.press("Escape")
    assert context.request.delete(f"{demo}/api/session").ok
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_be_visible()
    check(page)
