"""Ends the process groups that a test run leaves behind when it is killed; run as a script of its own.

Standard input says which: a line `+PID` for the leader of a group, `-PID` when it has been ended. The end of the
input is the end of the run, however that came about. What is still there then is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 3.0


def stat(pid: int) -> list[str]:
    """What proc(5) says of a process from its state on; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def started_at(pid: int) -> str | None:
    """When a process began, in clock ticks since boot; it tells a pid that is used again."""
    fields = stat(pid)
    return fields[19] if fields else None


def runs(pid: int) -> bool:
    """Whether it has not ended yet; one that has may wait for long to be asked how."""
    return stat(pid)[:1] not in ([], ["Z"])


def main() -> None:
    """Keep the list, then end what is on it."""
    watched: dict[int, str] = {}
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "-":
            watched.pop(pid, None)
        elif (began := started_at(pid)) is not None:
            watched[pid] = began
    for asked in (signal.SIGTERM, signal.SIGKILL):
        for pid, began in watched.items():
            # A leader that has ended may have left a group behind.
            if started_at(pid) in (began, None):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, asked)
        deadline = time.monotonic() + PATIENCE_S
        while any(runs(pid) for pid in watched) and time.monotonic() < deadline:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
