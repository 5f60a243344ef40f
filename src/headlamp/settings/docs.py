"""The reference page of the settings, `docs/settings.md`: `python -m headlamp.settings.docs [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headlamp.settings.declaring import Declaration, declarations
from headlamp.settings.help import by_group
from headlamp.settings.table import Settings

PAGE: Final = Path("docs") / "settings.md"

_HEAD: Final = """\
# Settings

<!-- Written by `make docs` from the tables in src/headlamp/settings. Change it there. -->

Every setting is a flag of `headlamp serve` and an environment variable. A flag wins over its variable.

- A flag may be written `-name=value`, `-name value`, `--name=value` or `--name value`. A switch may stand alone.
- The variable is `HEADLAMP_CONFIG_` and the name in upper snake case. An empty variable counts as not set.
- Lists are separated by commas. Durations are seconds, or something like `90m` or `8h`.
- A secret is better given in a file or in a variable than as a flag, which everybody on the machine can read.
- The program names everything that is wrong at once and ends with status 2: it never ignores a flag. A variable that
  looks like a slip of a known one is refused too; any other unknown `HEADLAMP_CONFIG_…` gets a warning, because
  environments are inherited.
"""


def page() -> str:
    """The whole page, as Markdown."""
    table = declarations(Settings)
    parts = [_HEAD]
    for group, rows in by_group(row for row in table if row.available):
        parts.append(f"\n## {group}\n")
        parts.extend(_entry(row) for row in rows)
    parts.append("\n## Not available in this version\n\nThese are known, and refused when they are set.\n\n")
    parts.extend(f"- `-{row.flag}` (`{row.variable}`): {row.help}\n" for row in table if not row.available)
    return "".join(parts)


def _entry(row: Declaration) -> str:
    value = f" {row.kind.placeholder}" if row.kind.placeholder else ""
    default = f"{row.shown_default}" if row.shown_default else "none"
    return f"\n### `-{row.flag}{value}`\n\n{row.help}\n\n`{row.variable}` · default: {default} · since {row.since}\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` say whether it is as it would be written."""
    if "--check" not in arguments:
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text("utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} does not say what the table of settings says. Run `make docs`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
