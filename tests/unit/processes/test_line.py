"""What a worker tells its supervisor."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from headlamp.problems import Problem
from headlamp.processes.line import Line, Report, read_report


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_worker_says_that_it_is_ready(pipe: tuple[int, int]) -> None:
    Line(1, -1, pipe[1]).ready()
    assert read_report(os.read(pipe[0], 1000)) == Report(ready=True)


def test_a_worker_says_why_it_ends(pipe: tuple[int, int]) -> None:
    Line(1, -1, pipe[1]).failed(Problem("The file is broken.", remedy="Remove it."))
    assert read_report(os.read(pipe[0], 1000)) == Report(
        ready=False, message="The file is broken.", remedy="Remove it."
    )


def test_a_supervisor_that_is_gone_is_no_error() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    Line(1, -1, write_end).ready()
    os.close(write_end)


def test_a_worker_that_ended_without_a_word_said_nothing() -> None:
    assert read_report(b"") is None
