"""Reads the fenced blocks of a page of docs/providers, so that tests start with what the page tells people to type.

A page has one block in `sh` that begins with `headlamp serve`; variables of the environment may stand in front of the
command, as a shell takes them. Names that every reader has to replace are replaced here too: the caller says by what,
and a name that the page doesn't have is an error, so that a test notices when the page has changed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from headlamp.settings import Settings, load

PROVIDERS = Path(__file__).resolve().parents[2] / "docs" / "providers"
COMMAND = ("headlamp", "serve")

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"(?P<name>[A-Z_]+)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True)
class Documented:
    """What a page says to type: the arguments after `headlamp serve`, and the variables before it."""

    page: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    def settings(self, **changes: Any) -> Settings:
        """The settings as the program reads them, with `changes` over them: ports, folders, clusters of the test."""
        loaded = load(self.arguments, self.environment)
        if loaded.warnings:
            raise AssertionError(f"{self.page}: {loaded.warnings}")
        return Settings(**{**{f.name: getattr(loaded.settings, f.name) for f in fields(Settings)}, **changes})

    def chosen(self) -> dict[str, Any]:
        """Only what the page sets, as keyword arguments for `Settings` (and for `tests.support.whole.whole_server`)."""
        documented, bare = load(self.arguments, self.environment).settings, load((), {}).settings
        return {
            field.name: getattr(documented, field.name)
            for field in fields(Settings)
            if getattr(documented, field.name) != getattr(bare, field.name)
        }


def documented(page: str, replace: Mapping[str, str], *, containing: str = " ".join(COMMAND)) -> Documented:
    """The command of docs/providers/`page`.md, with `replace` (from the page's names to the test's) applied.

    Where a page has two commands, `containing` tells them apart.
    """
    text = block(page, "sh", replace, containing=containing)
    words = shlex.split(text.replace("\\\n", " "), comments=True)
    environment: dict[str, str] = {}
    while words and words[0] != COMMAND[0] and (found := _VARIABLE.fullmatch(words[0])):
        environment[found["name"]] = found["value"]
        words.pop(0)
    if tuple(words[:2]) != COMMAND:
        raise AssertionError(f"{page}: the block does not begin with `{' '.join(COMMAND)}`")
    return Documented(page, tuple(words[2:]), environment)


def block(page: str, language: str, replace: Mapping[str, str] | None = None, *, containing: str = "") -> str:
    """The one fenced block of that language and with that text on docs/providers/`page`.md.

    Raises `AssertionError` when there is none or more than one, or when a name to replace is not in it.
    """
    found = [text for name, text in blocks(page) if name == language and containing in text]
    if len(found) != 1:
        raise AssertionError(f"{page}: {len(found)} blocks in {language} with {containing!r}, expected is one")
    return replaced(page, found[0], replace or {})


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Language and text of all fenced blocks of docs/providers/`page`.md, in order."""
    text = (PROVIDERS / f"{page}.md").read_text(encoding="utf-8")
    return ((fence["language"], fence["text"]) for fence in _FENCE.finditer(text))


def replaced(page: str, text: str, replace: Mapping[str, str]) -> str:
    """`text` with each name replaced, the longest first: one may be the beginning of another."""
    for name in sorted(replace, key=len, reverse=True):
        if name not in text:
            raise AssertionError(f"{page}: there is no {name!r} to replace")
    pattern = re.compile("|".join(re.escape(name) for name in sorted(replace, key=len, reverse=True)) or r"(?!)")
    return pattern.sub(lambda match: replace[match.group()], text)
