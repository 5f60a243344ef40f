"""The base of records with secrets in them."""

from __future__ import annotations

from typing import Any

import msgspec


class Discreet(msgspec.Struct, frozen=True):
    """A record whose own `__repr__` leaves its secrets out.

    rich, which prints tracebacks with the values of variables, asks a struct for its fields instead: it is told none.
    """

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []
