"""One step of a build: a program that runs to its end, while the terminal says what is being waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.real.stack.processes import Supervisor
from tests.real.stack.progress import Progress

LAST_LINES = 40


class BuildError(Exception):
    """A step failed; with the end of what its program said."""


def run_step(
    command: Sequence[str | Path],
    saying: str,
    *,
    supervisor: Supervisor,
    progress: Progress,
    cwd: Path,
    env: Mapping[str, str] = os.environ,
) -> str:
    """Run a program to its end and return its standard output. Raises `BuildError` when it fails."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True
        )
        supervisor.watch(process.pid)
        try:
            while process.poll() is None:
                progress.update(saying)
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            supervisor.forget(process.pid)
        out.seek(0)
        errors.seek(0)
        answer = out.read()
        if process.returncode:
            said = "\n".join((answer + errors.read()).splitlines()[-LAST_LINES:])
            raise BuildError(f"{' '.join(words[:3])} ended with status {process.returncode}:\n{said}")
        return answer
