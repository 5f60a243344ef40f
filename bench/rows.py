"""10,000 rows from the API server's Table to the browser's frames, against the same with the standard library's json.

Both decode the answer, shape the rows, encode the messages and compress them. CPU seconds of this process,
alternating. Two things decide much of the result, so both are varied: the compression level (ours, and zlib's default)
and how alike rows are (as various as a cluster's, and different in the name only).
"""

from __future__ import annotations

import gzip
import json
import random
import statistics
import time
from collections.abc import Callable

from headlamp.live.frames import Payload
from headlamp.live.protocol import Rows, on_wire
from headlamp.live.tables import TableReader
from headlamp.live.topic import ROWS_A_MESSAGE

ROUNDS = 15
ROWS = 10_000
NOW = 1_764_000_000.0
SEED = 1
OUR_LEVEL, DEFAULT_LEVEL = 3, 6
COLUMNS = ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates")
APPS = ("checkout-api", "cart", "payments", "front", "search", "ledger", "mail", "stock", "loyalty", "orders")
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def various_pods(count: int) -> list[list[str]]:
    """Cells of pods as a working cluster has them: random suffixes and addresses, all sorts of ages, few restarts."""
    chance = random.Random(SEED)

    def age() -> str:
        ages = (
            f"{chance.randrange(10, 60)}m",
            f"{chance.randrange(2, 8)}h{chance.randrange(1, 60)}m",
            f"{chance.randrange(8, 48)}h",
            f"{chance.randrange(2, 8)}d{chance.randrange(1, 24)}h",
            f"{chance.randrange(8, 300)}d",
        )
        return chance.choice(ages)

    def pod() -> list[str]:
        suffixes = "".join(chance.choices(LETTERS, k=9)), "".join(chance.choices(LETTERS, k=5))
        status = chance.choices(("Running", "Completed", "CrashLoopBackOff", "Pending"), (94, 3, 2, 1))[0]
        restarts = "0" if chance.random() < 0.85 else f"{chance.randrange(1, 40)} ({chance.randrange(2, 60)}m ago)"
        address = f"10.128.{chance.randrange(256)}.{chance.randrange(256)}"
        name = "-".join((chance.choice(APPS), *suffixes))
        return [name, "1/1", status, restarts, age(), address, f"node-{chance.randrange(99):02d}", "<none>", "<none>"]

    return [pod() for _ in range(count)]


def alike_pods(count: int) -> list[list[str]]:
    """Cells that differ in the name only, and all have restarts: the worst case for what we do besides `json`."""
    rest = ["2/2", "Running", "5 (2m ago)", "3h12m", "10.128.3.17", "node-07", "<none>", "<none>"]
    return [[f"checkout-api-7d9c6b5f48-{at:05d}", *rest] for at in range(count)]


def table(cells: list[list[str]]) -> bytes:
    """A Table without objects, as an API server prints it."""
    definitions = [
        {"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0}
        for name in COLUMNS
    ]
    answer = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "4711"},
        "columnDefinitions": definitions,
        "rows": [{"cells": row, "object": None} for row in cells],
    }
    return json.dumps(answer, separators=(",", ":")).encode()


def ours(body: bytes) -> int:
    """As `live` does it, in as many messages; answers the bytes that go out."""
    rows = TableReader().page(body, namespace="shop", now=NOW).rows
    starts = range(0, len(rows), ROWS_A_MESSAGE)
    return sum(len(Payload(Rows(0, at == 0, on_wire(rows[at : at + ROWS_A_MESSAGE]))).frame(1)) for at in starts)


def plain(level: int) -> Callable[[bytes], int]:
    """The same rows in the same messages with `json` and `gzip`, ages left as the text that they are."""

    def way(body: bytes) -> int:
        rows = [["shop", row["cells"]] for row in json.loads(body)["rows"]]
        sent = 0
        for at in range(0, len(rows), ROWS_A_MESSAGE):
            message = {"type": "rows", "id": 1, "reset": at == 0, "rows": rows[at : at + ROWS_A_MESSAGE]}
            sent += len(gzip.compress(json.dumps(message, separators=(",", ":")).encode(), level))
        return sent

    return way


def measure(body: bytes) -> None:
    """Print medians of all ways, with their spread, and the ratios of ours to the others."""
    ways: dict[str, Callable[[bytes], int]] = {"ours": ours}
    ways |= {f"json, gzip {level}": plain(level) for level in (OUR_LEVEL, DEFAULT_LEVEL)}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    sent: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before = time.process_time()
            sent[name] = way(body)
            spent[name].append(time.process_time() - before)
    middle = {name: statistics.median(seconds) for name, seconds in spent.items()}
    print(f"  {'':14}{'ms CPU':>8}  {'spread':14}{'bytes out':>10}  {'ours ÷ this: CPU':>17}{'bytes':>7}")
    for name, seconds in spent.items():
        spread = f"{min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f}"
        ratios = f"{middle['ours'] / middle[name]:17.2f}{sent['ours'] / sent[name]:7.2f}"
        print(f"  {name:14}{middle[name] * 1000:8.1f}  {spread:14}{sent[name]:10,}  {ratios}")


def main() -> None:
    """Measure with both sorts of rows."""
    for title, cells in (("various", various_pods(ROWS)), ("alike", alike_pods(ROWS))):
        body = table(cells)
        print(f"{ROWS:,} {title} rows, {len(body):,} bytes from the API server, {ROUNDS} rounds")
        measure(body)
