"""What rows sort by, and are filtered by, in a column whose cells are no plain values.

The page does the same with lists that it holds whole (`ui/src/list/extra/plain.ts`); `tests/vectors/extra-plain.json`
holds both to it.
"""

from __future__ import annotations

from headlamp.live.extra.cells import ContainerState, ExtraCell, Owner, Quantity, Restart, Usage
from headlamp.live.protocol import Cell

# What is wrong with a pod's containers comes first.
_WORST_FIRST = ("waiting", "", "terminated", "running")


def plain(cell: ExtraCell) -> Cell:
    """The number of a quantity or a use; all else as a text, None when there is nothing."""
    if isinstance(cell, Quantity | Usage):
        return cell.value
    if isinstance(cell, Owner):
        return f"{cell.kind}/{cell.name}"
    if isinstance(cell, Restart):
        return " ".join(filter(None, (cell.reason, str(cell.exit_code), cell.container)))
    if isinstance(cell, list):
        return ", ".join(map(_container, sorted(cell, key=_rank))) or None
    return cell


def _container(container: ContainerState) -> str:
    return " ".join(filter(None, (container.state or "unknown", container.reason, container.name)))


def _rank(container: ContainerState) -> int:
    return _WORST_FIRST.index(container.state)
