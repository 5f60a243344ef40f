"""Rows as an API server prints them, made up: any number of pods, whose restarts are counted up by what changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bench.objects import APPS, LETTERS, Size

Include = Literal["None", "Metadata", "Object"]
CREATED = "2026-01-01T00:00:00Z"
POD_COLUMNS = (
    ("Name", "string", "name", 0),
    ("Ready", "string", "", 0),
    ("Status", "string", "", 0),
    ("Restarts", "string", "", 0),
    ("Age", "string", "", 0),
    ("IP", "string", "", 1),
    ("Node", "string", "", 1),
    ("Nominated Node", "string", "", 1),
    ("Readiness Gates", "string", "", 1),
)
NAMESPACE_COLUMNS = (("Name", "string", "name", 0), ("Status", "string", "", 0), ("Age", "string", "", 0))
NODE_COLUMNS = (
    ("Name", "string", "name", 0),
    ("Status", "string", "", 0),
    ("Roles", "string", "", 0),
    ("Age", "string", "", 0),
    ("Version", "string", "", 0),
)
# What an API server notes about the writers of a pod's fields, which makes most of its metadata.
_NOTED = 5_000
_STATUSES = (("Running", 94), ("Completed", 3), ("CrashLoopBackOff", 2), ("Pending", 1))


@dataclass(slots=True)
class PrintedRow:
    """One row; `before` and `after` are the JSON around its restarts, which a row without them does not have."""

    namespace: str
    name: str
    before: bytes
    after: bytes = b""
    restarts: int = -1
    version: int = 1

    def text(self, include: Include) -> bytes:
        """The row in a Table, with as much of its object as is asked for."""
        count = b'"%d"' % self.restarts if self.restarts >= 0 else b""
        item = b"null" if include == "None" else self._metadata()
        return b'{"cells":[%b%b%b],"object":%b}' % (self.before, count, self.after, item)

    def _metadata(self) -> bytes:
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "resourceVersion": str(self.version),
            "creationTimestamp": CREATED,
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": "." * _NOTED}}],
        }
        kinds = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return _encoded({**kinds, "metadata": metadata})


@dataclass(frozen=True)
class Kind:
    """All rows of one kind by namespace ("" for what has none), each namespace's in order of their names."""

    columns: bytes
    rows: dict[str, list[PrintedRow]]

    def all(self) -> Iterator[PrintedRow]:
        """In the order in which an API server lists them."""
        for namespace in sorted(self.rows):
            yield from self.rows[namespace]


def listed(kind: Kind, rows: Iterable[PrintedRow], metadata: Mapping[str, Any], include: Include) -> bytes:
    """Some of a kind's rows as the answer to a list; `metadata` is the list's."""
    texts = b",".join(row.text(include) for row in rows)
    return b'{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":%b,"columnDefinitions":%b,"rows":[%b]}' % (
        _encoded(metadata),
        kind.columns,
        texts,
    )


def printed(size: Size) -> dict[str, Kind]:
    """The kinds of a cluster of that size, the same ones each time."""
    spaces = [f"space-{at:03d}" for at in range(size.namespaces)]
    nodes = [f"node-{at:04d}" for at in range(size.nodes)]
    pods: dict[str, list[PrintedRow]] = {name: [] for name in spaces}
    chance = random.Random(size.pods)
    for at in range(size.pods):
        namespace = spaces[at % len(spaces)]
        pods[namespace].append(_pod(namespace, nodes[at % len(nodes)], chance))
    for rows in pods.values():
        rows.sort(key=lambda row: row.name)
    return {
        "pods": Kind(_definitions(POD_COLUMNS), pods),
        "namespaces": Kind(_definitions(NAMESPACE_COLUMNS), {"": [_plain(name, "Active", "12d") for name in spaces]}),
        "nodes": Kind(
            _definitions(NODE_COLUMNS), {"": [_plain(name, "Ready", "<none>", "12d", "v1.37.2") for name in nodes]}
        ),
    }


def _pod(namespace: str, node: str, chance: random.Random) -> PrintedRow:
    name = f"{chance.choice(APPS)}-{_letters(chance, 9)}-{_letters(chance, 5)}"
    status = chance.choices([status for status, _ in _STATUSES], [weight for _, weight in _STATUSES])[0]
    # Whole days: an age that is printed anew says the same, for as long as any measurement takes.
    age, address = f"{chance.randrange(8, 300)}d", f"10.128.{chance.randrange(256)}.{chance.randrange(256)}"
    before = _cells(name, "2/2", status) + b","
    after = b"," + _cells(age, address, node, "<none>", "<none>")
    return PrintedRow(namespace, name, before, after, restarts=0)


def _plain(name: str, *cells: str) -> PrintedRow:
    return PrintedRow("", name, _cells(name, *cells))


def _cells(*cells: str) -> bytes:
    return _encoded(list(cells))[1:-1]


def _definitions(columns: tuple[tuple[str, str, str, int], ...]) -> bytes:
    names = ("name", "type", "format", "priority")
    return _encoded([{**dict(zip(names, column, strict=True)), "description": ""} for column in columns])


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(LETTERS, k=count))


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
