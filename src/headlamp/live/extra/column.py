"""What an extra column is: where it reads, and how it makes a cell of what was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

import msgspec
from msgspec import Struct

from headlamp.live.extra.cells import ExtraCell
from headlamp.live.resources import Selection
from headlamp.problems import Problem

Form = TypeVar("Form", bound=Struct)


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no JSON, of another form, no UTF-8, or nested too deeply."""


class BadExtra(Problem):
    """An extra column that does not exist, or not for this kind; only this column is affected."""

    code: ClassVar[str] = "live.bad_extra"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "There is no such column"
    remedy = "Choose another column."


class Seen:
    """One object as it came, decoded once for each form (the wanted fields, as a struct) that columns ask for."""

    __slots__ = ("_forms", "raw")

    def __init__(self, raw: msgspec.Raw | bytes) -> None:
        self.raw = raw
        self._forms: dict[type[Struct], Struct] = {}

    def of(self, form: type[Form]) -> Form:
        """The object's fields that `form` names. Raises one of `UNREADABLE` when they are of other types."""
        known = self._forms.get(form)
        if known is None:
            known = self._forms[form] = msgspec.json.decode(self.raw, type=form)
        return cast(Form, known)


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
