"""Sign-ins in a popup of a Headlamp frontend, which holds on to the window that it opened (HTML, section 7.1.3)."""

from __future__ import annotations

from aiohttp import web

from headlamp.web.services import Services

OPENER_POLICY = "Cross-Origin-Opener-Policy"


def keep_opener(services: Services, answer: web.StreamResponse) -> None:
    """Let the popup and its opener find each other again: every answer on the popup's way has a say in that.

    None of these shows anything that another window could make use of. Our own page needs no hold on its window, and
    gives none.
    """
    if services.page.foreign:
        answer.headers[OPENER_POLICY] = "unsafe-none"
