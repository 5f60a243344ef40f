"""How a setting is declared, and the table that all the others read: `declarations(Settings)`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from headlamp.settings.kinds import SECRET, SWITCH, Kind

T = TypeVar("T")

ENV_PREFIX: Final = "HEADLAMP_CONFIG_"
_KEY: Final = "headlamp.setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One row of the table. `available=False`: any value but the default is refused by name, never ignored."""

    name: str
    kind: Kind[Any]
    default: Any
    help: str
    group: str
    since: str
    available: bool
    secret: bool
    shown_default: str

    @property
    def flag(self) -> str:
        """The name as a flag, without dashes: "oidc-client-id"."""
        return self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable: "HEADLAMP_CONFIG_OIDC_CLIENT_ID"."""
        return ENV_PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag may stand without a value."""
        return self.kind is SWITCH

    @property
    def both_names(self) -> str:
        """Flag and variable, as messages name them."""
        return f"-{self.flag} ({self.variable})"


def setting(
    default: T,
    kind: Kind[T],
    *,
    help: str,
    group: str,
    since: str = "0.1",
    available: bool = True,
    shown_default: str | None = None,
    default_factory: Callable[[], T] | None = None,
) -> T:
    """Declare a setting as a field of the `Settings` dataclass.

    `shown_default` words a default that depends on the machine; `default_factory` computes it where nothing was
    parsed (a `Settings` made in a test).
    """
    row: dict[str, object] = {
        "kind": kind,
        "default": default,
        "help": help,
        "group": group,
        "since": since,
        "available": available,
        "shown_default": kind.show(default) if shown_default is None and default is not None else shown_default or "",
    }
    if default_factory is not None:
        return dataclasses.field(default_factory=default_factory, metadata={_KEY: row})
    return dataclasses.field(default=default, metadata={_KEY: row})


def declarations(settings: type) -> tuple[Declaration, ...]:
    """The table: a row for each field of the settings class, in the order of declaration."""
    rows = []
    for field in dataclasses.fields(settings):
        row = field.metadata[_KEY]
        rows.append(Declaration(name=field.name, secret=row["kind"] is SECRET, **row))
    return tuple(rows)
