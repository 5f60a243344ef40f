"""What was given, and where: the command line in Go's and GNU's spelling, and `HEADLAMP_CONFIG_*`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headlamp.settings.declaring import ENV_PREFIX, Declaration
from headlamp.settings.findings import Findings
from headlamp.settings.kinds import BOOLEANS


@dataclass(frozen=True, slots=True)
class Given:
    """A value as text, and how messages name the place it came from (the flag or the variable first)."""

    text: str
    where: str


def from_environment(table: Iterable[Declaration], env: Mapping[str, str], findings: Findings) -> dict[str, Given]:
    """The settings that the environment holds, without a line end; an empty variable counts as not set.

    Of unknown `HEADLAMP_CONFIG_*` variables, one that looks like a slip of a known one is an error, for it may be
    what makes the program safe. Any other is only a warning: an environment is inherited from images, manifests and
    other versions, and is not written for this program alone as a command line is.
    """
    by_variable = {row.variable: row for row in table}
    found: dict[str, Given] = {}
    for variable, value in sorted(env.items()):
        if not variable.startswith(ENV_PREFIX):
            continue
        # `echo … | base64` puts a line end into a Kubernetes Secret, and no value has one on purpose.
        text = value.rstrip("\r\n")
        row = by_variable.get(variable)
        if row is None:
            nearest = _nearest(variable, by_variable, cutoff=0.9)
            if nearest:
                findings.errors.append(f"{variable} is not a known variable. Did you mean {nearest}?")
            else:
                findings.warnings.append(f"{variable} is not a known variable and has no effect.")
        elif text:
            found[row.name] = Given(text, f"{row.variable} (-{row.flag})")
    return found


def from_arguments(table: Iterable[Declaration], argv: Sequence[str], findings: Findings) -> dict[str, Given]:
    """The settings on a command line: `-name=value`, `-name value` and switches, with one dash or two.

    The last of several wins, as with Go's `flag` package. Unlike there, a switch may be followed by its value as an
    argument of its own (nothing else could stand there), and a flag is never taken for the value of another one.
    """
    by_flag = {row.flag: row for row in table}
    found: dict[str, Given] = {}
    rest = list(argv)
    previous = ""
    while rest:
        argument = rest.pop(0)
        name, equals, text = argument.lstrip("-").partition("=")
        dashes = len(argument) - len(argument.lstrip("-"))
        if dashes not in (1, 2) or not name:
            # The text itself is not shown: it may be a secret that a space separated from its flag.
            place = f"after -{previous}" if previous else "at the beginning"
            findings.errors.append(f"There is an argument {place} that is not a flag.")
            continue
        previous = name
        row = by_flag.get(name)
        if row is None:
            findings.errors.append(_unknown_flag(name, by_flag))
            if not equals and rest and not rest[0].startswith("-"):
                rest.pop(0)
            continue
        if not equals:
            if row.is_switch:
                text = rest.pop(0) if rest and rest[0] in BOOLEANS else "true"
            elif not rest or _is_flag(rest[0], by_flag):
                findings.errors.append(f"{row.both_names} needs a value.")
                findings.unreadable.add(row.name)
                continue
            else:
                text = rest.pop(0)
        found[row.name] = Given(text, row.both_names)
    return found


def _is_flag(argument: str, by_flag: Mapping[str, Declaration]) -> bool:
    return argument.startswith("-") and argument.lstrip("-").partition("=")[0] in by_flag


def _unknown_flag(name: str, by_flag: Mapping[str, Declaration]) -> str:
    shown = name if len(name) <= 60 else name[:59] + "…"
    shown = shown.encode("unicode_escape").decode("ascii")
    nearest = _nearest(name.lower().replace("_", "-"), by_flag, cutoff=0.7)
    return f"-{shown} is not a known flag." + (f" Did you mean -{nearest}?" if nearest else "")


def _nearest(name: str, known: Iterable[str], *, cutoff: float) -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return close[0] if close else None
