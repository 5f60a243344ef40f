"""Lines come out as they went in, in whatever pieces they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.errors import BrokenStream
from headlamp.live.lines import Lines


@given(st.lists(st.text("ab\n \r", max_size=9).map(str.encode), max_size=12))
def test_lines_are_the_same_in_whatever_pieces_they_arrive(pieces: list[bytes]) -> None:
    lines = Lines(1000)
    found = [line for piece in pieces for line in lines.add(piece)]
    complete = b"".join(pieces).split(b"\n")[:-1]
    assert found == [line for line in complete if line.strip()]


def test_a_line_is_there_as_soon_as_it_is_complete() -> None:
    lines = Lines(1000)
    assert lines.add(b"one\ntw") == [b"one"]
    assert lines.add(b"o") == []
    assert lines.add(b"\n\n \nthree") == [b"two"]
    assert lines.add(b"\n") == [b"three"]


@pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"a\n" + b"x" * 11], [b"x" * 10, b"", b"x"]])
def test_a_line_that_is_too_long_is_not_waited_for(pieces: list[bytes]) -> None:
    lines = Lines(10)
    for piece in pieces[:-1]:
        lines.add(piece)
    with pytest.raises(BrokenStream):
        lines.add(pieces[-1])


def test_lines_of_the_greatest_length_are_taken_however_many_there_are() -> None:
    lines = Lines(10)
    assert lines.add(b"x" * 10) == []
    assert lines.add(b"\n" + b"y" * 10 + b"\n" + b"z" * 10) == [b"x" * 10, b"y" * 10]
