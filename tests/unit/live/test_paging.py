"""Lists whose pages never end are given up."""

from __future__ import annotations

from itertools import count

import pytest

from headlamp.live.errors import BrokenStream
from headlamp.live.paging import MAX_ROWS, Paging


def test_pages_are_followed_until_one_names_no_other() -> None:
    paging = Paging()
    assert paging.rest == ""
    assert paging.more("a", 500)
    assert paging.rest == "a"
    assert paging.more("b", 0)
    assert paging.rest == "b"
    assert not paging.more("", 500)


@pytest.mark.parametrize("circle", [["a", "a"], ["a", "b", "a"]])
def test_pages_that_go_round_in_a_circle_are_given_up(circle: list[str]) -> None:
    paging = Paging()
    for token in circle[:-1]:
        assert paging.more(token, 500)
    with pytest.raises(BrokenStream, match="circle"):
        paging.more(circle[-1], 500)


@pytest.mark.parametrize("rows", [0, 5, 500, 100_000])
def test_there_is_an_end_to_rows_and_to_pages_without_rows(rows: int) -> None:
    paging = Paging()

    def follow() -> None:
        for number in count():
            assert paging.more(f"page {number}", rows)
            assert number * rows < MAX_ROWS
            assert number < MAX_ROWS // 50

    with pytest.raises(BrokenStream, match="does not end"):
        follow()


def test_the_last_page_is_taken_however_many_rows_there_are() -> None:
    assert not Paging().more("", 2 * MAX_ROWS)
