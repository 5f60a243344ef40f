"""What the product takes of the machine over time, and whether it stays at that (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.real.stack.sockets import ESTABLISHED

WARM_UP = 0.2
"""The share of the time in which it may grow as it likes."""
GROWTH = 1.1
CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """At `at` (seconds since the soak began): resident memory in MB, open files, connections to the API server, and
    the processor time used up to then in seconds.
    """

    at: float
    rss_mb: float
    files: int
    upstream: int
    cpu_s: float


def sample(pid: int, upstream_port: int, at: float) -> Sample:
    """Measure one process."""
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    links = [_target(link) for link in (process / "fd").iterdir()]
    connections = _connections_to(upstream_port)
    return Sample(
        at=round(at, 1),
        rss_mb=round(int(status["VmRSS"].split()[0]) / 1024, 1),
        files=len(links),
        upstream=sum(link in connections for link in links),
        cpu_s=(int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S,
    )


def growth(values: Sequence[tuple[float, float]], duration: float) -> tuple[float, float]:
    """The medians of the earlier and the later half of what was measured after the warm-up, by time."""
    settled = [value for at, value in values if at >= duration * WARM_UP]
    middle = len(settled) // 2
    return median(settled[:middle]), median(settled[middle:])


def is_flat(earlier: float, later: float, *, slack: float) -> bool:
    """Whether it has not grown by more than what chance does."""
    return later <= earlier * GROWTH + slack


def _connections_to(port: int) -> set[str]:
    """The names by which processes hold the connections whose far end is `port`, as proc(5) has them."""
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == ESTABLISHED and int(fields[2].rpartition(":")[2], 16) == port:
            found.add(f"socket:[{fields[9]}]")
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
