"""10,000 rows from the API server's Table to the browser's frames, against the same with the standard library's json.

Both decode the answer, shape the rows, encode the message and compress it. CPU seconds of this process, alternating.
"""

from __future__ import annotations

import gzip
import json
import statistics
import time
from collections.abc import Callable

from headlamp.live.frames import Payload
from headlamp.live.protocol import Rows
from headlamp.live.tables import TableReader

ROUNDS = 7
ROWS = 10_000
NOW = 1_764_000_000.0


def table(rows: int) -> bytes:
    """A Table of pods without objects, as an API server prints it."""
    names = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"]
    definitions = [
        {"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0}
        for name in names
    ]
    cells = [
        [
            f"checkout-api-7d9c6b5f48-{at:05d}",
            "2/2",
            "Running",
            "5 (2m ago)",
            "3h12m",
            "10.128.3.17",
            "node-07",
            "<none>",
            "<none>",
        ]
        for at in range(rows)
    ]
    return json.dumps(
        {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": "4711"},
            "columnDefinitions": definitions,
            "rows": [{"cells": row, "object": None} for row in cells],
        }
    ).encode()


def ours(body: bytes) -> int:
    """As `live` does it; answers the bytes that go out."""
    page = TableReader().page(body, namespace="shop", now=NOW)
    return len(Payload(Rows(id=1, reset=True, rows=page.rows)).frame(1))


def plain(body: bytes) -> int:
    """The same rows with `json` and `gzip`, ages left as the text that they are."""
    found = json.loads(body)
    rows = [["shop", row["cells"][0], row["cells"]] for row in found["rows"]]
    message = json.dumps({"type": "rows", "id": 1, "reset": True, "rows": rows}, separators=(",", ":"))
    return len(gzip.compress(message.encode(), 6))


def main() -> None:
    """Print medians of both, with their spread, and the ratio."""
    body = table(ROWS)
    spent: dict[str, list[float]] = {"ours": [], "json": []}
    sent: dict[str, int] = {}
    ways: dict[str, Callable[[bytes], int]] = {"ours": ours, "json": plain}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before = time.process_time()
            sent[name] = way(body)
            spent[name].append(time.process_time() - before)
    print(f"{ROWS:,} rows, {len(body):,} bytes from the API server, {ROUNDS} rounds")
    for name, seconds in spent.items():
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        print(
            f"  {name:5} {middle * 1000:6.1f} ms CPU ({low * 1000:.1f} to {high * 1000:.1f}), {sent[name]:,} bytes out"
        )
    ratio = statistics.median(spent["ours"]) / statistics.median(spent["json"])
    print(f"  ours ÷ json: {ratio:.2f} of the CPU, {sent['ours'] / sent['json']:.2f} of the bytes")
