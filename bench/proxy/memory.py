"""What connections cost while they are open: idle WebSockets, and downloads that are read slowly."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterator

from bench.proxy.load import Load, Order
from bench.proxy.measuring import EXEC
from bench.proxy.parties import Party
from bench.proxy.table import GOALS, Figure

MB = 1e6
# A slow reader's bytes in a second.
RATE = 64 * 1024
SETTLED_S = 1.5
LOOK_EVERY_S = 0.25


def room_for_connections() -> None:
    """Let what is started from here have as many files open as this user may: a connection is two of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def idle_sockets(load: Load, ours: Party, go: Party, *, sockets: int) -> Figure:
    """Memory over idle, in MB, with that many idle WebSockets. Both proxies have just been started."""
    row = "1,000 idle WebSockets: memory over idle"
    added = []
    for party in (ours, go):
        before = _warm(load, party)
        load.obey(party.order("hold", EXEC, connections=sockets))
        time.sleep(SETTLED_S)
        added.append((party.resident() - before) / MB)
        load.obey(Order(do="release"))
    return Figure(row, "MB", added[:1], added[1:], GOALS[row])


def slow_downloads(load: Load, ours: Party, go: Party, *, downloads: int, seconds: float) -> Iterator[Figure]:
    """Memory over idle, and its growth from the first third of `seconds` to the last, in MB. Both just started."""
    over, growth = [], []
    for party in (ours, go):
        before = _warm(load, party)
        load.obey(party.order("drip", "/api/v1/endless?watch=true", connections=downloads, rate=RATE))
        time.sleep(SETTLED_S)
        seen = []
        for _ in range(int(seconds / LOOK_EVERY_S)):
            seen.append(party.resident() / MB)
            time.sleep(LOOK_EVERY_S)
        load.obey(Order(do="release"))
        third = max(1, len(seen) // 3)
        over.append(max(seen) - before / MB)
        growth.append(statistics.median(seen[-third:]) - statistics.median(seen[:third]))
    for row, found in (
        ("200 slow downloads: memory over idle", over),
        ("200 slow downloads: growth while they go on", growth),
    ):
        yield Figure(row, "MB", found[:1], found[1:], GOALS[row])


def _warm(load: Load, party: Party) -> int:
    """Resident memory once everything has been used that is loaded on first use."""
    load.obey(party.order("get", "/api/v1/small", requests=50))
    load.obey(party.order("echo", EXEC, requests=50, size=1024))
    return party.resident()
