"""The lines that a sign-in, its session and its proxy must hold, and the tests that name them.

A test names the lines that it shows at the beginning of its name: `test_a4_…`, `test_f3_f3b_…`, `test_d1_to_d7_…`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).resolve().parents[1]


def _numbered(letter: str, last: int) -> list[str]:
    return [f"{letter}{number}" for number in range(1, last + 1)]


LINES: Final[tuple[str, ...]] = (
    *_numbered("a", 8),
    "a8b",
    *_numbered("a", 13)[8:],
    *_numbered("b", 10),
    *_numbered("c", 6),
    *_numbered("d", 10),
    *_numbered("e", 7),
    *_numbered("f", 3),
    "f3a",
    "f3b",
    "f3c",
    *_numbered("f", 5)[3:],
    "f5b",
    *_numbered("f", 9)[5:],
    *_numbered("g", 6),
    *_numbered("h", 6),
    *_numbered("i", 6),
)
"""A: sign-in and tokens. B: cookie and CSRF. C: streams. D: redirects and output. E: identity. F: proxy. G: Kubernetes.
H: availability and secrecy. I: sign-out."""

LATER: Final[Mapping[str, str]] = {
    "g5": "what the page offers by the rules of a user is shown by the page's own tests when it has that",
}
"""Lines that have no test yet, and why."""

_PREFIX = re.compile(r"test_((?:[a-i]\d{1,2}[a-c]?_(?:to_)?)+)")
_RANGE = re.compile(r"([a-i])(\d+)_to_\1(\d+)")


@dataclass(frozen=True)
class NamedTest:
    """A test function: its file below tests/, and its name."""

    file: str
    name: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that it names."""
        return lines_of(self.name)


def lines_of(name: str) -> tuple[str, ...]:
    """The lines at the beginning of a test's name."""
    prefix = _PREFIX.match(name)
    if prefix is None:
        return ()
    text = prefix[1].rstrip("_")
    if text.endswith("_to"):
        text = text[:-3]
    spread = _RANGE.sub(lambda m: "_".join(f"{m[1]}{n}" for n in range(int(m[2]), int(m[3]) + 1)), text)
    return tuple(spread.split("_"))


def all_tests() -> Iterator[NamedTest]:
    """Every test function of the repository, methods of test classes included, without importing any of it."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield NamedTest(path.relative_to(TESTS).as_posix(), node.name)


def by_line() -> Mapping[str, list[NamedTest]]:
    """For each line the tests that name it."""
    found: dict[str, list[NamedTest]] = {line: [] for line in LINES}
    for test in all_tests():
        for line in test.lines:
            found.setdefault(line, []).append(test)
    return found
