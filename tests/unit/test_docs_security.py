"""docs/security.md agrees with the checklist, the code and the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from tests.support.checklist import LATER, LINES, all_tests

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

_LINK = re.compile(r"\[`([^`]+)`\]\(\.\./([^)]+)\)")


@dataclass(frozen=True)
class Row:
    """One row of a table: its first cell, and the links of its last two."""

    label: str
    files: tuple[tuple[str, str], ...]
    tests: tuple[tuple[str, str], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the checklist that the row is about."""
        first, _, last = self.label.lower().partition("–")
        if not last:
            return (first,)
        return tuple(f"{first[0]}{number}" for number in range(int(first[1:]), int(last[1:]) + 1))


def rows(heading: str) -> Iterator[Row]:
    """The rows of the tables below a heading of the second level."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and _LINK.search(cells[3]):
            yield Row(cells[0].strip(), tuple(_LINK.findall(cells[2])), tuple(_LINK.findall(cells[3])))


ATTACKS: Final = tuple(rows("Attacks"))
CLAUSES: Final = tuple(rows("Specifications"))
TESTS: Final = {(test.name, f"tests/{test.file}") for test in all_tests()}
LINES_OF: Final = {(test.name, f"tests/{test.file}"): test.lines for test in all_tests()}


def test_every_line_of_the_checklist_has_a_row_and_no_other_has_one() -> None:
    told = [line for row in ATTACKS for line in row.lines]
    assert sorted(told) == sorted(line for line in LINES if line not in LATER)


@pytest.mark.parametrize("row", [*ATTACKS, *CLAUSES], ids=lambda row: row.label)
def test_every_row_names_files_and_tests_that_there_are(row: Row) -> None:
    assert row.files
    assert row.tests
    for shown, path in row.files:
        assert path == f"src/headlamp/{shown}"
        assert (ROOT / path).is_file(), path
    for shown, path in row.tests:
        assert (f"test_{shown}", path) in TESTS, f"{path}: test_{shown}"


@pytest.mark.parametrize("row", ATTACKS, ids=lambda row: row.label)
def test_every_test_of_an_attack_bears_its_number(row: Row) -> None:
    for shown, path in row.tests:
        assert set(row.lines) & set(LINES_OF[f"test_{shown}", path]), shown


def test_no_link_leads_nowhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", PAGE) if "://" not in link]
    assert [link for link in links if not (ROOT / "docs" / link).resolve().exists()] == []
