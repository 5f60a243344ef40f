"""The supervisor with workers that do nothing; with whole servers it is in tests/adversarial/test_many_processes.py."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from headlamp.processes.supervisor import LONGEST_PAUSE_S, pause_after

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system can't fork")

PRELUDE = """
import os, signal, sys, time
from headlamp.processes.supervisor import Supervisor, WorkersFailed

def note(text):
    with open(sys.argv[1], "a") as file:
        file.write(text + "\\n")

def until_noted(text):
    for _ in range(3000):
        with open(sys.argv[1]) as file:
            if text in file.read().splitlines():
                return
        time.sleep(0.01)
    raise TimeoutError(text)

def run(count, work):
    try:
        Supervisor(count, work, when_ready=lambda: note("all ready")).run()
    except WorkersFailed as problem:
        note(f"{problem.message} {problem.remedy}")
        sys.exit(1)
"""


def supervise(script: str, folder: Path) -> tuple[int, list[str], str]:
    """Run `script` in a process of its own: exit status, what it noted, and its standard error."""
    notes = folder / "notes"
    notes.touch()
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(script), str(notes)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, notes.read_text().splitlines(), done.stderr + done.stdout


def test_the_first_failure_is_forgiven_at_once_for_a_worker_that_was_steady_and_the_next_ones_less_and_less() -> None:
    assert [pause_after(failures) for failures in range(8)] == [0, 1, 2, 4, 8, 16, 30, LONGEST_PAUSE_S]
    assert pause_after(5000) == LONGEST_PAUSE_S


def test_all_is_announced_once_when_the_last_worker_is_ready(tmp_path: Path) -> None:
    status, notes, said = supervise(
        """
        def work(line):
            if line.number > 1:
                until_noted(f"{line.number - 1} ready")
                time.sleep(0.05)  # what is announced too early is announced by now
            note(f"{line.number} ready")
            line.ready()
            if line.number == 3:
                until_noted("all ready")
                os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()

        run(3, work)
        """,
        tmp_path,
    )
    assert (status, said.count("Traceback")) == (0, 0)
    assert notes == ["1 ready", "2 ready", "3 ready", "all ready"]


def test_a_worker_that_dies_before_it_is_ready_ends_everything(tmp_path: Path) -> None:
    status, notes, _ = supervise(
        """
        def work(line):
            if line.number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            line.ready()
            try:
                signal.pause()
            finally:
                note("unreachable: SIGTERM ends without a word")

        run(2, work)
        """,
        tmp_path,
    )
    assert status == 1
    assert len(notes) == 1
    assert "signal 9" in notes[0]


def test_an_unexpected_error_in_a_worker_is_logged_and_never_comes_back_into_the_supervisors_code(
    tmp_path: Path,
) -> None:
    status, notes, said = supervise(
        """
        def work(line):
            raise RuntimeError("a mistake")

        run(1, work)
        note("unreachable")
        """,
        tmp_path,
    )
    assert status == 1
    assert len(notes) == 1
    assert "status 1" in notes[0]
    assert "RuntimeError" in said


def test_a_worker_gets_none_of_the_supervisors_descriptors_but_its_own_line(tmp_path: Path) -> None:
    status, notes, said = supervise(
        """
        def work(line):
            if line.number == 2:
                known = {0, 1, 2, line.supervisor, line.report}
                pipes = [n for n in os.listdir("/proc/self/fd") if int(n) not in known and is_open(n)]
                note(f"left: {pipes}")
            line.ready()
            if line.number == 2:
                time.sleep(0.2)
                os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()

        def is_open(number):
            try:
                return not os.readlink(f"/proc/self/fd/{number}").startswith("/")
            except OSError:
                return False

        run(2, work)
        """,
        tmp_path,
    )
    assert (status, "Traceback" in said) == (0, False)
    assert "left: []" in notes
