"""A browser's User-Agent in a few words, for people who look through their sessions: "Firefox on Linux"."""

from __future__ import annotations

import re

# In this order: most browsers also call themselves by the names of others.
BROWSERS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
)
# What a program that is no browser calls itself: the first product (RFC 9110, section 10.1.5).
PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,30})(?:/|\s|$)")
UNKNOWN = "Unknown device"


def device(user_agent: str) -> str:
    """A short name; never more than the words of this table, or of a program's own name."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser is None:
        program = PROGRAM.match(user_agent)
        browser = program[1] if program is not None and program[1] != "Mozilla" else None
    if browser is None:
        return system or UNKNOWN
    return f"{browser} on {system}" if system is not None else browser


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for mark, name in table if mark in user_agent), None)
