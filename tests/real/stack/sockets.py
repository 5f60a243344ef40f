"""Which processes hold the connections of a server (proc(5)): whether its workers share the work."""

from __future__ import annotations

import os
from pathlib import Path

ESTABLISHED = "01"


def connections_of(port: int, group: int) -> dict[int, int]:
    """How many connections to a local port each process of a group holds, by pid; those that hold none are left out."""
    sockets = _established(port)
    held: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != group:
                continue
            count = sum(1 for link in (process / "fd").iterdir() if _inode(link) in sockets)
        except OSError:
            # It has ended meanwhile.
            continue
        if count:
            held[int(process.name)] = count
    return held


def _established(port: int) -> set[str]:
    """The inodes of the connections whose local end is `port`."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == ESTABLISHED and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _inode(link: Path) -> str:
    target = str(link.readlink())
    return target[len("socket:[") : -1] if target.startswith("socket:[") else ""
