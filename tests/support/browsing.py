"""A person at a browser: what the tests of the page do again and again."""

from __future__ import annotations

import re

from playwright.sync_api import Page

PATIENCE_MS = 15_000


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


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
