"""Programs in process groups of their own, with a log each, which never outlive the test run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY_S = 0.05


class ProgramError(Exception):
    """A program ended by itself, or was not ready in time; with the end of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}; the end of {log}:\n{tail(log)}")


def tail(log: Path, *, lines: int = 30, start: int = 0) -> str:
    """The last lines of a log, of those after byte `start`."""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 200 * lines))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


class Supervisor:
    """A second process, which ends what this one leaves behind when it is killed."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("supervisor.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(script)], stdin=subprocess.PIPE, start_new_session=True, text=True
        )
        # Programs are started and ended in several threads.
        self._one_line_at_a_time = threading.Lock()

    def watch(self, pid: int) -> None:
        """End the group of this leader when the run is over."""
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """That group has been ended."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """The run is over."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._one_line_at_a_time:
            self._process.stdin.write(line)
            self._process.stdin.flush()


class Program:
    """One running program."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, supervisor: Supervisor) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._supervisor = supervisor
        supervisor.watch(process.pid)

    @property
    def group(self) -> int:
        """The process group of the program and its children."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, within: float) -> None:
        """Return as soon as `ready` says so. Raises `ProgramError` when the program ends, or time runs out."""
        deadline = time.monotonic() + within
        while not ready():
            if not self.running:
                raise ProgramError(self.name, f"ended with status {self._process.returncode}", self.log)
            if time.monotonic() > deadline:
                raise ProgramError(self.name, f"was not ready within {within:g} s", self.log)
            time.sleep(LOOK_EVERY_S)

    def pause(self) -> None:
        """Stop the whole group where it stands, until `resume`: it still has its connections, and says nothing."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused group go on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def stop(self, *, patience: float = 3.0) -> None:
        """Ask the program to end, and end its whole group if it doesn't, or leaves something behind.

        An API server would wait a minute for the last log that somebody follows.
        """
        if self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=patience)
        self.kill()

    def kill(self) -> None:
        """End the program and its children at once, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)
        self._supervisor.forget(self._process.pid)


@dataclass(frozen=True)
class Workplace:
    """One folder for one stack: configuration, logs and data, and the programs that run in it."""

    folder: Path
    supervisor: Supervisor
    _started: list[Program] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def write(self, name: str, text: str) -> Path:
        """A file under the folder, replaced as a whole, for this user's eyes only."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.touch(mode=0o600)
        new.write_text(text)
        return new.replace(path)

    def start(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> Program:
        """Start a program; its output goes to `logs/NAME.log`, after what an earlier run of it wrote there."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=env,
                start_new_session=True,
            )
        program = Program(name, process, log, self.supervisor)
        self._started.append(program)
        return program

    def stop_all(self) -> None:
        """End everything that was started here, all at once: most of them take their time, and nothing is kept."""
        with ThreadPoolExecutor(max_workers=max(1, len(self._started))) as pool:
            list(pool.map(Program.stop, self._started))
        self._started.clear()
