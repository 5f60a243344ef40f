"""A list is asked for as soon as the page's script runs, once, and by nobody who isn't signed in."""

from __future__ import annotations

import json

from playwright.sync_api import BrowserContext, Page, Route, expect
from tests.support.browsing import sign_in, until


def watch_talk(page: Page) -> list[str]:
    """What the page does, in order: "subscribe" over its live connection, paths of requests, "socket" for a new one."""
    talk: list[str] = []

    def said(text: str | bytes) -> None:
        talk.append(str(json.loads(text)["type"]))

    def opened(socket: object) -> None:
        talk.append("socket")
        socket.on("framesent", said)  # type: ignore[attr-defined]

    page.on("websocket", opened)
    page.on("request", lambda request: talk.append(request.url.partition("/clusters/demo/")[2]))
    return talk


def test_rows_are_asked_for_before_the_cluster_has_said_which_kinds_it_has(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, f"{demo}/c/demo/pods?ns=shop", "Anna")
    expect(page.get_by_role("grid")).to_be_visible()
    again = context.new_page()
    talk = watch_talk(again)
    kinds: list[Route] = []
    again.route("**/clusters/demo/apis", lambda route: kinds.append(route))
    again.goto(f"{demo}/c/demo/pods?ns=shop")
    # The answer with the kinds is held back until rows have been asked for.
    until(again, lambda: "subscribe" in talk and bool(kinds), lambda: talk)
    kinds[0].continue_()
    expect(again.get_by_role("grid").get_by_text("storefront-").first).to_be_visible()
    assert talk.count("subscribe") == 1
    assert talk.count("socket") == 1


def test_whoever_is_not_signed_in_asks_for_no_rows(demo: str, context: BrowserContext) -> None:
    page = context.new_page()
    talk = watch_talk(page)
    page.goto(f"{demo}/c/demo/pods?ns=shop")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert "socket" not in talk
