"""What `kubectl get` prints, taken apart into cells."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"\S+(?: {1,2}\S+)*")


@dataclass(frozen=True)
class Printed:
    """One table: the columns as they are headed, and the cells of each row by (namespace, name).

    `began` and `ended` (seconds since the epoch) enclose the moment for which its ages were printed.
    """

    columns: list[str]
    rows: Mapping[tuple[str, str], list[str]]
    began: float
    ended: float


class Kubectl:
    """kubectl as one of the cluster's own users."""

    def __init__(self, binary: Path, kubeconfig: Path) -> None:
        self._words = (str(binary), f"--kubeconfig={kubeconfig}")

    async def __call__(self, *words: str, given: Any = None) -> str:
        """Run it to its end, with `given` as JSON on its standard input, and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self._words,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate(b"" if given is None else json.dumps(given).encode())
        assert process.returncode == 0, f"kubectl {words[0]}: {errors.decode()}"
        return out.decode()

    async def apply(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Create or change objects by server-side apply."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        await self("apply", "--server-side", "--force-conflicts", "-f", "-", given=listed)

    async def get_wide(self, kinds: Iterable[str]) -> dict[str, Printed]:
        """`get -A -o wide` of several kinds, each called `plural.version.group`, by the prefix of their names."""
        began = time.time()
        # In one piece: each page of a long list has columns of its own widths.
        said = await self("get", ",".join(kinds), "-A", "-o", "wide", "--chunk-size=0")
        ended = time.time()
        return dict(_table(block.splitlines(), began, ended) for block in said.split("\n\n") if block.strip())


def _table(lines: list[str], began: float, ended: float) -> tuple[str, Printed]:
    heads = list(_HEADER.finditer(lines[0]))
    starts = [head.start() for head in heads]
    columns = [head[0] for head in heads]
    namespaced = columns[0] == "NAMESPACE"
    name_index = columns.index("NAME")
    rows, prefix = {}, ""
    for line in lines[1:]:
        ends = [*starts[1:], len(line)]
        cells = [line[start:end].rstrip() for start, end in zip(starts, ends, strict=True)]
        prefix, _, cells[name_index] = cells[name_index].partition("/")
        rows[cells[0] if namespaced else "", cells[name_index]] = cells[namespaced:]
    return prefix, Printed(columns[namespaced:], rows, began, ended)
