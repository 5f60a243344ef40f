"""A person at a browser: what the tests of the page do again and again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, Route
from playwright.sync_api import TimeoutError as NotInTimeError
from tests.support.chromium import PATIENCE_MS

_LOOK_AGAIN_MS = 50


def sign_in(page: Page, address: str, person: str) -> None:
    """Follow a link of the demo's page, sign in as `person`, and come back."""
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


def until(page: Page, so: Callable[[], bool], why: Callable[[], object] = lambda: "it did not happen") -> None:
    """Wait for what no `expect` can look at; meanwhile the page's events are heard. `why` is told when it never is."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not so():
        assert time.monotonic() < deadline, why()
        page.wait_for_timeout(_LOOK_AGAIN_MS)


class Held:
    """Requests of a page for addresses that match `pattern`: they get no answer until they are let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._routes: list[Route] = []
        self._end: Callable[[Route], None] | None = None
        page.route(pattern, self._hear)

    def let_go(self, end: Callable[[Route], None] = Route.continue_) -> None:
        """Let those that are waited for, and all later ones, `end` like this; wait for the first if there is none."""
        until(self._page, lambda: bool(self._routes), lambda: "nothing was asked for")
        self._end = end
        for route in self._routes:
            end(route)

    def _hear(self, route: Route) -> None:
        if self._end is None:
            self._routes.append(route)
        else:
            self._end(route)


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways, once all has its place."""
    try:
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    except NotInTimeError:
        return False
    return True


def copied(page: Page, text: str) -> str:
    """What is in the clipboard, once it has `text` in it: a page writes it there some time after a press."""
    held = ""

    def there() -> bool:
        nonlocal held
        held = page.evaluate("navigator.clipboard.readText()")
        return text in held

    until(page, there, lambda: f"{text!r} is not in {held!r}")
    return held
