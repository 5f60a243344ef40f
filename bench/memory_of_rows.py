"""Bytes of memory that a row takes in the server, as Python counts them; a program that prints the figure.

Pages of a list are decoded and put into the table of a reading, as live rows do it; then nothing but the table is kept.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterable

from bench.objects import Size
from bench.printed import Kind, listed, printed
from bench.stages import MANY_PODS
from headlamp.live.rows import RowTable
from headlamp.live.tables import TableReader

NOW = 1_764_000_000.0


def read(kind: Kind, namespace: str) -> RowTable:
    """All rows of one namespace in a table of their own."""
    return _fill(RowTable(), kind, [namespace])


def bytes_a_row(size: Size) -> float:
    """Of the pods of a generated cluster."""
    kind = printed(size)["pods"]
    # What is made once, by the first list, belongs to no row.
    read(kind, next(iter(kind.rows)))
    tracemalloc.start()
    try:
        table = _fill(RowTable(), kind, kind.rows)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / len(table)
    finally:
        tracemalloc.stop()


def _fill(table: RowTable, kind: Kind, namespaces: Iterable[str]) -> RowTable:
    reader = TableReader()
    for namespace in namespaces:
        page = reader.page(listed(kind, kind.rows[namespace], {}, "None"), namespace=namespace, now=NOW)
        table.define(reader.columns)
        for row in page.rows:
            table.put(row, NOW)
    table.take_changes()
    return table


if __name__ == "__main__":
    print(bytes_a_row(MANY_PODS))
