"""What an extra column is: where it reads, and how it makes a cell of what was read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

import msgspec
from msgspec import Struct

from headlamp.live.errors import UNREADABLE
from headlamp.live.extra.cells import ExtraCell
from headlamp.live.resources import Selection
from headlamp.problems import Problem

Form = TypeVar("Form", bound=Struct)
T = TypeVar("T")


class BadExtra(Problem):
    """An extra column that does not exist, or not for this kind; only this column is affected."""

    code: ClassVar[str] = "live.bad_extra"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "There is no such column"
    remedy = "Choose another column."


class Seen:
    """One object as it came, decoded once however many columns look at it."""

    __slots__ = ("_made", "raw")

    def __init__(self, raw: msgspec.Raw | bytes) -> None:
        self.raw = raw
        self._made: dict[Hashable, object] = {}

    def of(self, form: type[Form]) -> Form:
        """The object's fields that `form`, a struct, names. Raises one of `UNREADABLE` when they are of other types."""
        return self.once(form, lambda: msgspec.json.decode(self.raw, type=form))

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes of the object: made once, and the same for all who ask for the same `what`."""
        if what not in self._made:
            self._made[what] = make()
        return cast(T, self._made[what])


@dataclass(frozen=True, slots=True)
class ExtraColumn:
    """A column that a page may ask for.

    `cell` may raise one of `UNREADABLE` for an object of an odd form; its cell is then empty.
    `whole` says that it needs more of the object than its metadata. `usage` names the resource whose use by the pod
    is to be filled into the cell, a `Usage`.
    """

    name: str
    type: str
    cell: Callable[[Seen], ExtraCell]
    whole: bool = True
    usage: str = ""

    def of(self, seen: Seen) -> ExtraCell:
        """The cell of an object, None when it can't be made."""
        try:
            return self.cell(seen)
        except UNREADABLE:
            return None


def only_pods(kind: Selection, what: str) -> None:
    """Raise `BadExtra` for any other kind than pods."""
    if (kind.group, kind.plural) != ("", "pods"):
        raise BadExtra(f"Only pods have {what}.")


def no_argument(argument: str, name: str) -> None:
    """Raise `BadExtra` when there is something after the column's name."""
    if argument:
        raise BadExtra(f"The column {name} has no variants.")


def is_secret(kind: Selection) -> bool:
    """Whether of this kind nothing but metadata may be read."""
    return (kind.group, kind.plural) == ("", "secrets")


Maker = Callable[[str, Selection], ExtraColumn]
"""Makes the column of an argument (what stands after the colon) for a kind. Raises `BadExtra`."""

Json = Any
"""What JSON can be."""
