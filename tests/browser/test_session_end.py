"""A session that ends while somebody works: the work stays, and goes on as the same person or not at all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.conftest import Browse
from tests.support.api_server import SmallApiServer
from tests.support.browsing import Held, fits, sign_in, until, watch
from tests.support.whole_in_thread import Served, served

from headlamp.web.services import SERVICES

PODS = "/c/main/pods?ns=shop"
SIGN_IN = re.compile("^Sign in with")


class Clock:
    """The server's and the provider's clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api_server() -> SmallApiServer:
    return SmallApiServer()


@pytest.fixture
def server(tmp_path: Path, clock: Clock, api_server: SmallApiServer) -> Iterator[Served]:
    with served(tmp_path, now=clock) as running:
        running.whole.upstream.handler = api_server
        running.whole.idp.user = "alice"
        yield running


def at_work(server: Served, context: BrowserContext) -> Page:
    """Somebody who is signed in and looks at pods."""
    page = context.new_page()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def end_sessions(server: Served, person: str) -> None:
    """From somewhere else: by the provider, or in another browser."""
    sessions = server.whole.running.app[SERVICES].sessions
    server.run(sessions.end_matching(server.whole.idp.issuer, subject=person))


def banner(page: Page) -> Locator:
    """What says that the sign-in ended, once it does."""
    ended = page.get_by_role("alert").filter(has_text="Your sign-in ended")
    expect(ended).to_be_visible()
    return ended


def test_what_one_worked_on_stays_and_goes_on_after_signing_in_in_a_window(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    complaints = watch(page)[0]
    address = f"{demo}/c/demo/pods?ns=shop"
    sign_in(page, address, "Anna")
    page.wait_for_url(address)
    page.get_by_role("grid").get_by_text(re.compile("storefront-")).first.click()
    details = page.get_by_role("complementary").first
    details.get_by_role("tab", name="YAML").click()
    details.get_by_role("button", name="Find").click()
    expect(details.get_by_role("textbox", name="Find")).to_be_focused()
    page.keyboard.type("restartPolicy")
    details.get_by_role("button", name="Logs").click()
    log = page.get_by_role("log")
    expect(log.get_by_text(re.compile("level=")).first).to_be_visible()
    details.get_by_role("button", name="Shell").click()
    terminal = page.get_by_role("tabpanel").filter(has=page.get_by_role("toolbar", name="Terminal tools"))
    expect(terminal).to_contain_text("/app $")
    terminal.get_by_role("textbox").first.focus()
    page.keyboard.type("echo typed-$HOSTNAME\n")
    expect(terminal).to_contain_text("typed-")
    place = page.url

    assert context.request.delete(f"{demo}/api/session").ok
    banner(page)
    expect(page.get_by_text("Stopped").first).to_be_visible()
    # Whatever is pressed meanwhile: nothing goes out, and nothing disappears.
    asked = watch(page)[1]
    page.on("websocket", lambda socket: asked.append(socket.url))
    terminal.get_by_role("button", name="Open again").click()
    expect(terminal).to_contain_text("Your sign-in ended")
    page.wait_for_timeout(1500)
    assert [url for url in asked if "/clusters/" in url or "/api/live" in url] == []

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in again").click()
    window = opened.value
    window.get_by_role("button", name=re.compile("Anna")).first.click()
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_have_count(0)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="You are signed in again")).to_have_count(1)
    expect(page.get_by_text("Following")).to_be_visible()
    until(page, window.is_closed)
    expect(page).to_have_url(place)
    expect(details.get_by_role("textbox", name="Find")).to_have_value("restartPolicy")
    expect(terminal).to_contain_text("typed-")
    assert not [text for text in complaints if "401" not in text], complaints


def test_a_window_that_the_browser_does_not_open_is_a_link_to_a_new_tab(server: Served, browse: Browse) -> None:
    with browse() as context:
        # Nor does it let a script close what no script has opened.
        context.add_init_script("window.open = () => null; window.close = () => undefined")
        page = at_work(server, context)
        end_sessions(server, "alice")
        banner(page)
        page.get_by_role("button", name="Sign in again").click()
        with context.expect_page() as opened:
            page.get_by_role("link", name="Sign in in a new tab").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        # It says that one can close it.
        expect(opened.value.get_by_role("heading")).to_have_text("You are signed in")
        expect(opened.value).to_have_url(re.compile("/auth"))


def test_below_a_base_url_the_window_and_the_page_find_each_other_too(tmp_path: Path, context: BrowserContext) -> None:
    with served(tmp_path, base_url="/ui") as server:
        server.whole.upstream.handler = SmallApiServer()
        page = context.new_page()
        page.goto(f"{server.url}/ui{PODS}")
        page.get_by_role("link", name=SIGN_IN).click()
        expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()
        end_sessions(server, "alice")
        banner(page)
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Sign in again").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        until(page, opened.value.is_closed)


def test_the_window_waits_for_a_page_that_takes_long_to_come_back(server: Served, context: BrowserContext) -> None:
    page = at_work(server, context)
    end_sessions(server, "alice")
    banner(page)
    held = Held(page, "**/api/session")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in again").click()
    window = opened.value
    expect(window.get_by_role("heading")).to_have_text("You are signed in")
    # Longer than it would wait for nobody.
    page.wait_for_timeout(2500)
    assert not window.is_closed()
    expect(window.get_by_role("heading")).to_have_text("You are signed in")
    held.let_go()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    until(page, window.is_closed)


def test_signing_in_in_another_tab_brings_this_one_back_too(server: Served, context: BrowserContext) -> None:
    page = at_work(server, context)
    end_sessions(server, "alice")
    banner(page)
    at_work(server, context)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_have_count(0)


def test_another_person_starts_anew_with_nothing_of_what_was_chosen_or_typed(
    server: Served, context: BrowserContext
) -> None:
    page = at_work(server, context)
    page.get_by_role("textbox", name=re.compile("^Filter")).fill("alice-was-here")
    page.evaluate("window.before = true")
    end_sessions(server, "alice")
    banner(page)
    server.whole.idp.user = "bob"
    with page.expect_popup():
        page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_role("banner").get_by_text("bob")).to_be_visible()
    page.wait_for_function("window.before === undefined")
    expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()


def test_what_somebody_typed_is_not_sent_as_another_person_without_asking(
    server: Served, context: BrowserContext, api_server: SmallApiServer
) -> None:
    def asked_as_bob() -> set[str]:
        return {path.rpartition("/")[2] for person, path in api_server.asked if person == "bob"}

    api_server.refuses = True
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url} {request.post_data}"))
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    expect(page.get_by_role("heading", name="main does not accept your token")).to_be_visible()
    page.get_by_text("Use a token instead").click()
    page.get_by_label("Bearer token for main").fill("half-a-secret")
    end_sessions(server, "alice")
    page.get_by_role("button", name="Ask again").click()
    banner(page)
    server.whole.idp.user = "bob"
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="bob is signed in now")
    expect(dialog).to_be_visible()
    until(page, opened.value.is_closed)

    # It can be looked at and copied; the page sends nothing as Bob.
    dialog.get_by_role("button", name="Look at the text").click()
    expect(page.get_by_label("Bearer token for main")).to_have_value("half-a-secret")
    page.get_by_role("button", name="Use this token").click()
    expect(page.get_by_text("Nothing was sent.").first).to_be_visible()
    # To say who is signed in, the server asks the cluster whether it takes them; that is all.
    until(page, lambda: bool(asked_as_bob()))
    assert asked_as_bob() == {"selfsubjectreviews"}
    page.get_by_role("button", name="Go on", exact=True).click()

    # Back as Alice, it goes on where it was, and still does not send by itself.
    server.whole.idp.user = "alice"
    with page.expect_popup():
        dialog.get_by_role("button", name="Sign in as alice").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_have_count(0)
    expect(page.get_by_label("Bearer token for main")).to_have_value("half-a-secret")
    assert not [one for one in sent if "half-a-secret" in one]
    assert "half-a-secret" not in page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])"
    )


def test_whoever_goes_on_as_another_person_drops_what_was_typed(
    server: Served, context: BrowserContext, api_server: SmallApiServer
) -> None:
    api_server.refuses = True
    page = context.new_page()
    page.goto(server.url + PODS)
    page.get_by_role("link", name=SIGN_IN).click()
    page.get_by_text("Use a token instead").click()
    page.get_by_label("Bearer token for main").fill("half-a-secret")
    end_sessions(server, "alice")
    page.get_by_role("button", name="Ask again").click()
    banner(page)
    server.whole.idp.user = "bob"
    with page.expect_popup():
        page.get_by_role("button", name="Sign in again").click()
    page.evaluate("window.before = true")
    page.get_by_role("dialog").get_by_role("button", name="Go on as bob").click()
    page.wait_for_function("window.before === undefined")
    expect(page.get_by_role("banner").get_by_text("bob")).to_be_visible()
    page.get_by_text("Use a token instead").click()
    expect(page.get_by_label("Bearer token for main")).to_have_value("")


def test_the_end_is_announced_some_minutes_before(tmp_path: Path, context: BrowserContext, clock: Clock) -> None:
    with served(tmp_path, now=clock, session_ttl=500) as server:
        server.whole.upstream.handler = SmallApiServer()
        page = at_work(server, context)
        ending = page.get_by_role("status").filter(has_text="Your sign-in ends at")
        expect(ending).to_have_count(0)
        clock.ahead = 220
        # It counts by the server's clock.
        page.reload()
        expect(ending).to_be_visible()
        with page.expect_popup():
            page.get_by_role("button", name="Sign in again now").click()
        expect(ending).to_have_count(0)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_a_sign_in_that_is_renewed_no_more_is_announced_and_then_ends(
    server: Served, context: BrowserContext, clock: Clock
) -> None:
    # So long that minutes may pass between any two of the times below.
    server.whole.idp.id_token_ttl = 720
    page = at_work(server, context)
    server.whole.idp.revoke_refresh_tokens()
    ending = page.get_by_role("status").filter(has_text="does not renew it any more")
    expect(ending).to_have_count(0)
    # Time to renew it, which is refused.
    clock.ahead = 570
    until(page, lambda: context.request.get(f"{server.url}/api/session").json()["providers"][0]["renewable"] is False)
    page.reload()
    expect(ending).to_be_visible()
    clock.ahead = 721
    expect(banner(page)).to_contain_text("does not renew it any more")
    with page.expect_popup():
        page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_role("alert").filter(has_text="Your sign-in ended")).to_have_count(0)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_an_end_that_came_says_so_on_the_sign_in_page_too(server: Served, context: BrowserContext) -> None:
    page = at_work(server, context)
    end_sessions(server, "alice")
    banner(page)
    page.reload()
    expect(page.get_by_role("link", name=SIGN_IN)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Your earlier sign-in has ended")).to_be_visible()


def test_b6_signing_out_in_one_tab_clears_the_others_at_once(server: Served, context: BrowserContext) -> None:
    other = at_work(server, context)
    page = context.new_page()
    page.goto(server.url + PODS)
    expect(page.get_by_role("grid").get_by_text("web-1")).to_be_visible()
    page.get_by_role("button", name=re.compile("^alice: ")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_text("web-1")).to_have_count(0)
    expect(other.get_by_role("link", name=SIGN_IN)).to_be_visible()
    expect(other.get_by_role("status").filter(has_text="You signed out in another tab")).to_be_visible()


def test_i1_a_provider_that_keeps_its_session_is_told_of_after_the_sign_out(
    tmp_path: Path, context: BrowserContext
) -> None:
    with served(tmp_path, oidc_display_name="Keycloak") as server:
        server.whole.upstream.handler = SmallApiServer()
        server.whole.idp.deviations.metadata = {"end_session_endpoint": None}
        page = at_work(server, context)
        page.get_by_role("button", name=re.compile("sign-in and appearance$")).click()
        page.get_by_role("button", name="Sign out").click()
        note = page.get_by_role("status").filter(has_text="You are signed out.")
        expect(note).to_contain_text("Keycloak keeps its own session")
        page.reload()
        expect(page.get_by_role("link", name=SIGN_IN)).to_be_visible()
        expect(note).to_have_count(0)


def test_the_banners_fit_a_phone(server: Served, browse: Browse) -> None:
    with browse(viewport={"width": 400, "height": 800}) as context:
        page = at_work(server, context)
        end_sessions(server, "alice")
        banner(page)
        assert fits(page)
        box = page.get_by_role("button", name="Sign in again").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 400
