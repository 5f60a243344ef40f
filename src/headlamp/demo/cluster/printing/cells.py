"""Cells and columns of a Table, and durations as kubectl shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from headlamp.demo import timestamps
from headlamp.demo.cluster.jsontypes import Json, dig

NONE = "<none>"
UNKNOWN = "<unknown>"
UNSET = "<unset>"

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY


class Ago(NamedTuple):
    """A cell that is printed anew for each answer: how long ago `at` is, between two texts."""

    at: float
    before: str = ""
    after: str = ""

    def printed(self, now: float) -> str:
        return f"{self.before}{duration(now - self.at)}{self.after}"


Cell: TypeAlias = str | int | bool | Ago


@dataclass(frozen=True, slots=True)
class Column:
    """A column's definition. `wide` columns have priority 1: kubectl shows them with `-o wide`."""

    name: str
    description: str
    type: str = "string"
    format: str = ""
    wide: bool = False

    def definition(self) -> Json:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": int(self.wide),
        }


@dataclass(frozen=True, slots=True)
class Printer:
    """How one kind's objects become rows: kubectl's columns, and the cells of an object in their order."""

    columns: tuple[Column, ...]
    cells: Callable[[Json], tuple[Cell, ...]]

    def definitions(self) -> list[Json]:
        return [column.definition() for column in self.columns]


NAME = Column("Name", "The name of the object.", format="name")
AGE = Column("Age", "How long ago the object was created.")
CREATED = Column("Created At", "When the object was created.", type="date")
CONTAINERS = Column("Containers", "The names of the containers in the pod template.", wide=True)
IMAGES = Column("Images", "The images of the containers in the pod template.", wide=True)
SELECTOR = Column("Selector", "The label selector of the pods that belong to this object.", wide=True)


def printed(cells: Iterable[Cell], now: float) -> list[str | int | bool]:
    """The cells as they read at `now`."""
    return [cell.printed(now) if isinstance(cell, Ago) else cell for cell in cells]


def age(obj: Json) -> Cell:
    """Time since the object's creation."""
    return since(dig(obj, "metadata", "creationTimestamp"))


def since(timestamp: str | None, missing: str = UNKNOWN) -> Cell:
    """Time since a timestamp; `missing` when there is none."""
    return Ago(timestamps.read(timestamp)) if timestamp else missing


def name(obj: Json) -> str:
    return str(obj["metadata"].get("name", ""))


def listed(values: Iterable[Any], separator: str = ",") -> str:
    """The values in one cell; `<none>` when there are none."""
    return separator.join(map(str, values)) or NONE


def labels(pairs: Mapping[str, str] | None) -> str:
    """`a=b,c=d` in the order of the keys."""
    return listed(f"{key}={value}" for key, value in sorted((pairs or {}).items()))


def selector(value: Json | None) -> str:
    """A label selector with `matchLabels`, as text."""
    return labels(dig(value, "matchLabels"))


def template_cells(obj: Json) -> tuple[str, str]:
    """The names and the images of a pod template's containers."""
    containers = dig(obj, "spec", "template", "spec", "containers") or []
    return ",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)


def duration(seconds: float) -> str:
    """A duration in kubectl's words: fewer units the longer it is ("91s", "2m5s", "3h12m", "5d4h", "41d", "2y3d")."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if seconds > -1 else "<invalid>"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _two(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _two(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _two(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _two(whole: int, large: int, large_mark: str, small: int, small_mark: str) -> str:
    rest = whole % large // small
    return f"{whole // large}{large_mark}" + (f"{rest}{small_mark}" if rest else "")
