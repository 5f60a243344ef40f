"""How one stands: a cluster that refuses the token, one's own sessions, and the diagnosis for administrators."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.adversarial.provider import MisbehavingProvider
from tests.browser.conftest import Browse
from tests.support.api_server import SmallApiServer
from tests.support.browsing import copied, fits, watch
from tests.support.certificates import Authority
from tests.support.in_thread import in_thread
from tests.support.whole_in_thread import Served, served

PODS = "/c/main/pods?ns=shop"
SIGN_IN = re.compile("^Sign in with")


@pytest.fixture
def api_server() -> SmallApiServer:
    return SmallApiServer()


@pytest.fixture
def server(tmp_path: Path, api_server: SmallApiServer) -> Iterator[Served]:
    """A server with a provider under https, so that there are settings with which a cluster would trust it."""
    authority = Authority()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(authority.pem)
    with (
        in_thread(MisbehavingProvider(tls=authority.server_context("localhost"))) as idp,
        served(tmp_path, idp=idp, oidc_ca_file=ca_file, doctor_groups=("cluster-admins",)) as running,
    ):
        running.whole.upstream.handler = api_server
        yield running


@pytest.fixture
def context(browse: Browse) -> Iterator[BrowserContext]:
    """A browser that trusts the provider."""
    with browse(ignore_https_errors=True) as opened:
        yield opened


def signed_in(server: Served, context: BrowserContext, path: str = PODS) -> Page:
    page = context.new_page()
    page.goto(server.url + path)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("banner")).to_be_visible()
    return page


class TestRefused:
    """The cluster answers 401: it is explained, and nobody is sent to sign in again."""

    @pytest.fixture
    def page(self, server: Served, context: BrowserContext, api_server: SmallApiServer) -> Page:
        api_server.refuses = True
        page = signed_in(server, context)
        expect(page.get_by_role("heading", name="main does not accept your token")).to_be_visible()
        return page

    def test_g1_it_is_explained_claim_by_claim_and_no_sign_in_starts(self, server: Served, page: Page) -> None:
        table = page.get_by_role("table")
        audience = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Audience"))
        expect(audience.first).to_contain_text("headlamp")
        expect(audience.first).to_contain_text("can’t tell")
        calls = server.whole.idp.calls("authorize")
        page.wait_for_timeout(500)
        assert server.whole.idp.calls("authorize") == calls == 1
        expect(page.get_by_role("heading", name="What the API server said")).to_be_visible()

    def test_the_settings_that_would_fit_are_there_to_copy_in_both_ways(self, server: Served, page: Page) -> None:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy file").click()
        file = copied(page, "kind: AuthenticationConfiguration")
        assert server.whole.idp.issuer in file
        page.get_by_role("tab", name="AuthenticationConfiguration").press("ArrowRight")
        expect(page.get_by_role("tab", name="Flags")).to_be_focused()
        expect(page.get_by_role("tabpanel")).to_contain_text(f"--oidc-issuer-url={server.whole.idp.issuer}")
        page.get_by_role("button", name="Copy flags").click()
        copied(page, "--oidc-client-id=headlamp")

    def test_h6_the_token_is_shown_decoded_and_never_as_it_is(self, page: Page) -> None:
        page.get_by_text("The token, decoded").click()
        expect(page.get_by_text('"preferred_username": "alice"')).to_be_visible()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy report").click()
        report = copied(page, "Audience: the token has headlamp")
        assert "eyJ" not in page.content() + report

    def test_asking_again_goes_on_as_soon_as_the_cluster_says_yes(
        self, page: Page, api_server: SmallApiServer, server: Served
    ) -> None:
        page.get_by_role("button", name="Ask again").click()
        expect(page.get_by_role("button", name="Ask again")).to_be_enabled()
        expect(page.get_by_role("heading", name="main does not accept your token")).to_be_visible()
        api_server.refuses = False
        page.get_by_role("button", name="Ask again").click()
        expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()
        assert server.whole.idp.calls("authorize") == 1

    def test_it_fits_a_phone(self, page: Page) -> None:
        page.set_viewport_size({"width": 400, "height": 800})
        expect(page.get_by_role("button", name="Ask again")).to_be_visible()
        assert fits(page)
        page.wait_for_function(
            "(() => { const main = document.querySelector('main'); return main.scrollWidth <= main.clientWidth })()"
        )


class TestOwnSessions:
    def test_each_can_be_ended_and_the_list_says_so(self, server: Served, browse: Browse) -> None:
        with browse(ignore_https_errors=True) as here, browse(ignore_https_errors=True) as elsewhere:
            other = signed_in(server, elsewhere)
            expect(other.get_by_role("grid")).to_be_visible()
            page = signed_in(server, here)
            page.get_by_role("button", name=re.compile("^alice")).click()
            page.get_by_role("button", name="Your sessions").click()
            dialog = page.get_by_role("dialog", name="Your sessions")
            items = dialog.get_by_role("listitem")
            expect(items).to_have_count(2)
            expect(items.first).to_contain_text("This browser")
            expect(items.first).to_contain_text("in use here")
            items.nth(1).get_by_role("button", name=re.compile("^End the session")).press("Enter")
            expect(items).to_have_count(1)
            expect(dialog.get_by_role("status")).to_contain_text("has ended")
            expect(other.get_by_role("alert").filter(has_text="Your sign-in ended")).to_be_visible()
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
            expect(page.get_by_role("grid")).to_be_visible()

    def test_ending_the_current_one_is_asked_first_and_signs_out(self, server: Served, context: BrowserContext) -> None:
        page = signed_in(server, context)
        page.get_by_role("button", name=re.compile("^alice")).click()
        page.get_by_role("button", name="Your sessions").click()
        dialog = page.get_by_role("dialog", name="Your sessions")
        dialog.get_by_role("button", name=re.compile("^End the session")).click()
        expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name=re.compile("^End the session"))).to_be_focused()
        assert context.request.get(f"{server.url}/api/session").json()["signed_in"] is True
        page.keyboard.press("Enter")
        dialog.get_by_role("button", name="End it").click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        assert context.request.get(f"{server.url}/api/session").json()["signed_in"] is False


class TestDiagnosis:
    def test_it_is_a_page_for_those_who_may_see_it(self, server: Served, context: BrowserContext) -> None:
        page = signed_in(server, context)
        complaints = watch(page)[0]
        page.get_by_role("button", name=re.compile("^alice")).click()
        page.get_by_role("button", name="Diagnosis").click()
        expect(page.get_by_role("heading", name="Diagnosis")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Asked at")).to_be_visible()
        sessions = page.get_by_role("region", name="Sessions")
        expect(sessions).to_contain_text("What to do:")
        expect(sessions).to_contain_text("-session-store=sqlite")
        # What is well is one line a group, until it is asked for.
        expect(page.get_by_text("settings.", exact=False)).to_have_count(0)
        page.get_by_role("button", name="What is well").click()
        expect(page.get_by_text("settings.", exact=False).first).to_be_visible()
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy as JSON").click()
        report = json.loads(copied(page, '"summary"'))
        assert report["summary"]["ok"] > 0
        with page.expect_response(re.compile("/api/doctor$")) as again:
            page.get_by_role("button", name="Run again").click()
        assert again.value.ok
        expect(page.get_by_role("main")).to_have_attribute("aria-busy", "false")
        page.reload()
        expect(page.get_by_role("heading", name="Diagnosis")).to_be_visible()
        page.set_viewport_size({"width": 400, "height": 800})
        assert fits(page)
        assert not complaints, complaints

    def test_others_have_no_way_there_and_are_told_why(self, server: Served, context: BrowserContext) -> None:
        server.whole.idp.user = "bob"
        page = signed_in(server, context)
        page.get_by_role("button", name=re.compile("^bob")).click()
        expect(page.get_by_role("button", name="Your sessions")).to_be_visible()
        expect(page.get_by_role("button", name="Diagnosis")).to_have_count(0)
        page.goto(f"{server.url}/diagnosis")
        expect(page.get_by_text("-doctor-groups").first).to_be_visible()
