"""The harness keeps its own promises: nothing outlives a run, and nothing is built twice or by halves."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from tests.real.stack.build import DEX, KUBERNETES, OLDEST_KUBERNETES, Recipe
from tests.real.stack.cache import cached
from tests.real.stack.go import RELEASE, Go
from tests.real.stack.processes import ProgramError, Supervisor, Workplace
from tests.real.stack.progress import Progress
from tests.real.stack.releases import RELEASES
from tests.real.stack.supervisor import runs

ROOT = Path(__file__).resolve().parents[2]


def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from tests.real.stack.processes import Supervisor, Workplace

        place = Workplace(Path(sys.argv[1]), Supervisor())
        # One that ends when it is asked to, and one that does not and has a child.
        place.start("polite", ["sleep", "300"])
        place.start("stubborn", ["sh", "-c", "trap '' TERM; sleep 300 & echo $! > child; wait; wait"])
        while not Path(sys.argv[1], "child").exists() or not Path(sys.argv[1], "child").read_text():
            time.sleep(0.01)
        print(*(program._process.pid for program in place._started), flush=True)
        time.sleep(300)
        """
    )
    run = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    pids = [int(word) for word in run.stdout.readline().split()]
    pids.append(int((tmp_path / "child").read_text()))
    assert len(pids) == 3
    assert all(map(runs, pids))
    run.kill()
    run.wait()
    deadline = time.monotonic() + 60
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in pids if runs(pid)]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert left == []


def test_a_program_that_ends_too_early_is_told_with_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor()
    program = Workplace(tmp_path, supervisor).start("short", ["sh", "-c", "echo what went wrong; exit 3"])
    with pytest.raises(ProgramError, match=r"(?s)short ended with status 3.*what went wrong"):
        program.wait_until(lambda: False, within=60)
    supervisor.close()


def test_of_two_runs_one_builds_and_the_other_waits(tmp_path: Path) -> None:
    building, may_finish, waited = threading.Event(), threading.Event(), threading.Event()
    built: list[str] = []

    def make(folder: Path) -> None:
        built.append(folder.name)
        building.set()
        may_finish.wait(60)
        (folder / "program").write_text("made")

    def run() -> None:
        cached(tmp_path, "key", make, waiting=waited.set)

    runs_ = [threading.Thread(target=run) for _ in range(2)]
    runs_[0].start()
    assert building.wait(60)
    runs_[1].start()
    assert waited.wait(60)
    assert not (tmp_path / "key").exists(), "nobody may see it before it is complete"
    may_finish.set()
    for one in runs_:
        one.join(60)
    assert len(built) == 1
    assert (tmp_path / "key" / "program").read_text() == "made"


def test_a_build_that_fails_leaves_nothing_and_is_made_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no disk")

    with pytest.raises(RuntimeError):
        cached(tmp_path, "key", fail, waiting=lambda: None)
    assert [path.name for path in tmp_path.iterdir()] == ["key.lock"]
    # What a run that was killed leaves.
    (tmp_path / ".key-left").mkdir()
    final = cached(tmp_path, "key", lambda folder: (folder / "whole").touch(), waiting=lambda: None)
    assert [path.name for path in final.iterdir()] == ["whole"]
    assert not (tmp_path / ".key-left").exists()


FAKE_GO = """#!/bin/sh
case "$1" in
  version) echo "go version go{version} linux/amd64" ;;
  mod) echo "$4" >{folder}/asked; echo '{{"Dir": "{folder}/toolchain"}}' ;;
esac
"""


@pytest.mark.parametrize(
    ("version", "wanted", "fetched"),
    [("1.19.8", "1.26.0", True), ("1.25.9", "1.26", True), ("1.26.0", "1.26.0", False), ("1.27.1", "1.26", False)],
)
def test_a_go_that_is_too_old_fetches_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, wanted: str, fetched: bool
) -> None:
    fake, newer = tmp_path / "path" / "go", tmp_path / "toolchain" / "bin" / "go"
    for program in (fake, newer):
        program.parent.mkdir(parents=True)
    fake.write_text(FAKE_GO.format(version=version, folder=tmp_path))
    fake.chmod(0o755)
    # A module's files are not executable.
    newer.touch(mode=0o444)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    supervisor = Supervisor()
    command = Go(supervisor, Progress()).command(wanted)
    supervisor.close()
    assert (command == str(newer)) == fetched
    assert os.access(newer, os.X_OK) == fetched
    if fetched:
        assert (tmp_path / "asked").read_text().startswith(f"golang.org/toolchain@v0.0.1-go{RELEASE}.")


def test_the_docs_name_the_versions_that_are_run() -> None:
    modules = [(release.control_plane.module / "go.mod").read_text() for release in RELEASES]
    versions = [re.findall(r"^(?:require|\t)\s*k8s\.io/kubernetes v(\S+)", text, re.MULTILINE) for text in modules]
    assert f"| | {' | '.join(version for (version,) in versions)} |" in (ROOT / "docs" / "live.md").read_text()


@pytest.mark.parametrize("recipe", [KUBERNETES, OLDEST_KUBERNETES, DEX], ids=lambda recipe: recipe.name)
def test_what_is_built_is_pinned(recipe: Recipe) -> None:
    sums = (recipe.module / "go.sum").read_text()
    assert f"{recipe.version_of} v" in sums
    for package in recipe.programs.values():
        assert package in (recipe.module / "go.mod").read_text()
