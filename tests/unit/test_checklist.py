"""Every line of the adversarial checklist is a test with the line's number in its name."""

from __future__ import annotations

import pytest
from tests.support.checklist import LATER, LINES, all_tests, by_line, lines_of

TESTS = by_line()


@pytest.mark.parametrize("line", [line for line in LINES if line not in LATER])
def test_every_line_has_a_test_of_its_number(line: str) -> None:
    assert TESTS[line], f"no test of the checklist's line {line.upper()}: its name would begin with test_{line}_"


@pytest.mark.parametrize("line", LATER)
def test_a_line_that_is_left_for_later_has_none(line: str) -> None:
    assert line in LINES
    assert TESTS[line] == []


def test_no_test_names_a_line_that_there_is_not() -> None:
    unknown = [f"{test.file}: {test.name}" for test in all_tests() if set(test.lines) - set(LINES)]
    assert unknown == []


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("test_a4_a_token", ("a4",)),
        ("test_a8b_keys", ("a8b",)),
        ("test_f3_f3b_a_header", ("f3", "f3b")),
        ("test_d1_to_d7_anything", ("d1", "d2", "d3", "d4", "d5", "d6", "d7")),
        ("test_a13_tabs", ("a13",)),
        ("test_a_token_is_told", ()),
        ("test_s5_s6_settings", ()),
    ],
)
def test_the_lines_are_read_from_the_beginning_of_a_name(name: str, lines: tuple[str, ...]) -> None:
    assert lines_of(name) == lines
