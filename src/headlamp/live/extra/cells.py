"""Cells of extra columns, as they go to the page."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class Quantity(Struct, frozen=True, gc=False):
    """An amount of a resource: `value` in cores, bytes or pieces, and as Kubernetes writes it."""

    value: float
    text: str


class Usage(Struct, frozen=True, gc=False):
    """What a pod uses of a resource (None: not known), beside what it asks for and may have at most (None: no such)."""

    value: float | None
    text: str
    request: float | None
    limit: float | None


class ContainerState(Struct, frozen=True, gc=False, omit_defaults=True):
    """One container. `state` is "running", "waiting", "terminated" or "" while nothing is known of it."""

    name: str
    state: str
    ready: bool = False
    restarts: int = 0
    reason: str = ""
    exit_code: int | UnsetType = UNSET
    init: bool = False


class Restart(Struct, frozen=True, gc=False):
    """The end that led to the last restart: `at` is in seconds since the epoch, None when the cluster doesn't say."""

    container: str
    reason: str
    exit_code: int
    at: float | None


class Owner(Struct, frozen=True, gc=False):
    """The object that this one belongs to, in the same namespace or cluster-scoped."""

    api_version: str
    kind: str
    name: str


ExtraCell = str | int | float | bool | None | Quantity | Usage | list[ContainerState] | Restart | Owner
"""None: the object has no such value. Structs are told apart by the column's type."""

MAX_TEXT = 1024
"""Characters of a text; what is longer is cut, and ends in "…"."""


def text_cell(text: str) -> str:
    """A text, cut to what a cell may hold."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def weight_of(cell: ExtraCell) -> int:
    """About how many bytes of memory a cell takes."""
    if isinstance(cell, str):
        return 56 + len(cell)
    return 56 + 120 * len(cell) if isinstance(cell, list) else 120
