"""The settings as `headlamp serve --help` shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from headlamp.settings.declaring import Declaration, declarations
from headlamp.settings.table import Settings

_COLUMN = 30


def help_text(width: int = 96) -> str:
    """All settings by group, wrapped to `width` columns."""
    table = declarations(Settings)
    lines = []
    for group, rows in by_group(row for row in table if row.available):
        lines.append(f"{group}:")
        for row in rows:
            lines.extend(_entry(row, width))
        lines.append("")
    lines.append("Not available in this version, and refused when set:")
    missing = ", ".join(f"-{row.flag}" for row in table if not row.available)
    lines.extend(textwrap.wrap(missing, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False))
    return "\n".join(lines) + "\n"


def by_group(rows: Iterable[Declaration]) -> Iterator[tuple[str, list[Declaration]]]:
    """The rows of each group, groups in the order of their first row."""
    groups: dict[str, list[Declaration]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    yield from groups.items()


def _entry(row: Declaration, width: int) -> list[str]:
    flag = f"  -{row.flag}" + (f" {row.kind.placeholder}" if row.kind.placeholder else "")
    text = row.help
    if row.shown_default and not (row.is_switch and row.shown_default == "false"):
        text += f" Default: {row.shown_default}."
    body = textwrap.wrap(text, width - _COLUMN, break_on_hyphens=False)
    indented = [" " * _COLUMN + line for line in body]
    if len(flag) < _COLUMN - 1:
        return [flag.ljust(_COLUMN) + body[0], *indented[1:]]
    return [flag, *indented]
