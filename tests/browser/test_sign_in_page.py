"""The sign-in page and what stands around it, in a browser: with and without script, by keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.adversarial.provider import MisbehavingProvider
from tests.browser.conftest import Browse
from tests.support.api_server import SmallApiServer
from tests.support.browsing import fits, watch
from tests.support.chromium import PATIENCE_MS
from tests.support.in_thread import in_thread
from tests.support.whole_in_thread import Served, served

PHONE = {"width": 400, "height": 800}
PODS = "/c/main/pods?ns=shop"
SIGN_IN = re.compile("^Sign in with Keycloak$")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server whose provider is another site than itself, as it is in life."""
    with (
        in_thread(MisbehavingProvider(host="127.0.0.1")) as idp,
        served(tmp_path, idp=idp, oidc_display_name="Keycloak") as running,
    ):
        running.whole.upstream.handler = SmallApiServer()
        yield running


def test_without_javascript_one_signs_in_and_is_told_what_else_is_needed(server: Served, browse: Browse) -> None:
    with browse(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(server.url + PODS)
        expect(page.get_by_role("heading")).to_have_text("Sign in to main")
        expect(page.get_by_role("link", name=SIGN_IN)).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(server.url + PODS)
        expect(page.get_by_role("heading")).to_have_text("You are signed in")
        # From another site's page the session cookie does not come along; the page goes on once to get it.
        _by_a_link_from_elsewhere(server, page)
        page.wait_for_url(f"{server.url}{PODS}&go-on")
        expect(page.get_by_role("heading")).to_have_text("You are signed in")


def test_without_javascript_nobody_is_sent_round_in_circles(server: Served, browse: Browse) -> None:
    with browse(java_script_enabled=False) as context:
        page = context.new_page()
        asked = watch(page)[1]
        _by_a_link_from_elsewhere(server, page)
        page.wait_for_url(f"{server.url}{PODS}&go-on")
        expect(page.get_by_role("heading")).to_have_text("Sign in to main")
        page.wait_for_timeout(300)
        assert len([url for url in asked if urlsplit(url).path == "/c/main/pods"]) == 2


def test_by_keyboard_the_button_is_what_has_the_focus(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    complaints = watch(page)[0]
    page.goto(server.url + PODS)
    expect(page.get_by_role("link", name=SIGN_IN)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()
    expect(page).to_have_url(server.url + PODS)
    assert not complaints


def test_a_page_that_comes_without_its_cookie_does_not_show_the_sign_in(
    server: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("grid")).to_be_visible()
    _by_a_link_from_elsewhere(server, page)
    expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()


def _by_a_link_from_elsewhere(server: Served, page: Page) -> None:
    page.goto(f"{server.whole.idp.origin}/.well-known/openid-configuration")
    page.set_content(f'<a href="{server.url}{PODS}">go</a>')
    page.get_by_role("link").click()


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_sign_in_fit_a_phone(server: Served, browse: Browse, script: bool, scheme: str) -> None:
    server.whole.idp.deviations.authorization_response = {
        "error": "access_denied",
        "error_description": "https://a.very.long.address.example.com/" + "without-a-break" * 10,
    }
    with browse(viewport=PHONE, color_scheme=scheme, java_script_enabled=script) as context:
        page = context.new_page()
        page.goto(server.url + PODS)
        expect(page.get_by_role("link", name=SIGN_IN)).to_be_visible()
        # The delivered page is wider than the window if anything is cut off: without script there is nothing to ask.
        _check_width(page, script)
        page.get_by_role("link", name=SIGN_IN).click()
        expect(page.get_by_role("link", name="Sign in again with Keycloak")).to_be_focused()
        _check_width(page, script)


def _check_width(page: Page, script: bool) -> None:
    if script:
        assert fits(page)
    for link in page.get_by_role("link").all():
        box = link.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
        assert box["height"] >= 24


def test_a_failed_sign_in_says_why_and_is_begun_again_where_it_was(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    server.whole.idp.deviations.id_token = {"nonce": "another"}
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("heading")).to_have_text("The ID token belongs to another sign-in")
    expect(page.get_by_text("oidc.nonce")).to_be_visible()
    calls = server.whole.idp.calls("authorize")
    page.wait_for_timeout(300)
    assert server.whole.idp.calls("authorize") == calls
    server.whole.idp.deviations.id_token = {}
    page.get_by_role("link", name="Sign in again with Keycloak").click()
    page.wait_for_url(server.url + PODS)
    expect(page.get_by_role("grid")).to_be_visible()


def test_a_try_that_did_not_come_back_names_the_address_to_register(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    server.whole.idp.redirect_uris = {"https://somewhere.else.example/oidc-callback"}
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    page.wait_for_url(re.compile(re.escape(server.whole.idp.origin)))
    page.go_back()
    note = page.get_by_role("status").filter(has_text="has not come back from Keycloak")
    expect(note).to_contain_text(f"{server.url}/oidc-callback")


def test_a13_a_tab_that_lost_its_sign_in_goes_on_when_another_one_has_signed_in(
    server: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/oidc-callback?code=x&state=lost")
    expect(page.get_by_role("heading")).to_have_text("This sign-in was not started here")
    expect(page.get_by_role("link", name=re.compile("Go on"))).to_be_visible()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("grid")).to_be_visible()
    page.goto(f"{server.url}/oidc-callback?code=x&state=lost")
    page.wait_for_url(f"{server.url}/")
    expect(page.get_by_role("heading", name="Clusters")).to_be_visible()


def test_a13_thirty_tabs_that_sign_in_at_once_all_end_up_signed_in(server: Served, context: BrowserContext) -> None:
    # So many at once may take longer than one.
    patience_ms = 6 * PATIENCE_MS
    context.set_default_timeout(patience_ms)
    pages = [context.new_page() for _ in range(30)]
    pages[0].goto(server.url)
    callbacks = []
    for _ in pages:
        # As far as the provider, and no further yet.
        start = context.request.get(f"{server.url}/oidc?cluster=main&return_to=/c/main/pods", max_redirects=0)
        agreed = context.request.get(start.headers["location"], max_redirects=0)
        callbacks.append(agreed.headers["location"])
    for page, callback in zip(pages, reversed(callbacks), strict=True):
        page.goto(callback, wait_until="commit")
    for page in pages:
        page.wait_for_url(re.compile(rf"{re.escape(server.url)}/(c/main/pods)?$"), wait_until="commit")
        expect(page.get_by_role("banner").get_by_text("alice")).to_be_visible(timeout=patience_ms)


def test_the_popup_of_a_headlamp_frontend_keeps_its_opener_and_waits_to_be_closed(
    tmp_path: Path, context: BrowserContext
) -> None:
    frontend = tmp_path / "frontend"
    frontend.mkdir()
    script = "document.querySelector('button').onclick = () => { popup = open('oidc?dt=1&cluster=main', 'a', 'popup') }"
    (frontend / "index.html").write_text(f"<!doctype html><button>Sign in</button><script>var popup; {script}</script>")
    with (
        in_thread(MisbehavingProvider(host="127.0.0.1")) as idp,
        served(tmp_path, idp=idp, html_static_dir=frontend) as server,
    ):
        page = context.new_page()
        page.goto(server.url)
        with page.expect_popup() as opened:
            page.get_by_role("button").click()
        popup = opened.value
        popup.wait_for_url(f"{server.url}/auth?cluster=main")
        page.wait_for_function("localStorage.auth_status === 'success'")
        # Longer than the page of ours would wait for somebody to answer.
        page.wait_for_timeout(2500)
        assert popup.url == f"{server.url}/auth?cluster=main"
        assert page.evaluate("popup.closed") is False
        page.evaluate("popup.close()")
        page.wait_for_function("popup.closed")


class TestAnAddressWithoutHttps:
    NAME = "headlamp.example"

    @pytest.mark.parametrize(
        ("insecure_cookie", "title"), [(False, "Sign-in needs https here"), (True, "The callback")]
    )
    def test_the_page_says_so_before_the_provider_does(
        self, tmp_path: Path, browse: Browse, insecure_cookie: bool, title: str
    ) -> None:
        with (
            served(tmp_path, allowed_hosts=(self.NAME,), insecure_cookie=insecure_cookie) as server,
            browse(f"--host-resolver-rules=MAP {self.NAME} 127.0.0.1") as context,
        ):
            page = context.new_page()
            port = server.whole.running.port
            page.goto(f"http://{self.NAME}:{port}{PODS}")
            note = page.get_by_role("status").filter(has_text=title)
            expect(note).to_contain_text(f"http://{self.NAME}:{port}/oidc-callback")
            expect(note).to_contain_text("-public-url")
            disabled = page.get_by_role("button", name=re.compile("^Sign in with"))
            expect(disabled).to_have_count(0 if insecure_cookie else 1)
            if not insecure_cookie:
                expect(disabled).to_be_disabled()
