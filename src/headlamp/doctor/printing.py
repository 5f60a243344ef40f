"""A report for people at a terminal: by parts of the chain, with what to do where something is wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from itertools import groupby

from headlamp.doctor.findings import Finding, State
from headlamp.doctor.report import Report

_GROUPS = {
    "settings": "Settings",
    "sessions": "Sessions",
    "registration": "What to register at the provider",
    "ingress": "Way in",
    "provider": "Identity provider",
    "sign_in": "Test sign-in",
    "cluster": "Cluster",
    "token": "Token at cluster",
}
_MARKS = {State.OK: "ok", State.WARNING: "warning", State.FAILED: "FAILED", State.SKIPPED: "-"}
# Select Graphic Rendition (ECMA-48, 8.3.117)
_COLOURS = {State.OK: "32", State.WARNING: "33", State.FAILED: "1;31", State.SKIPPED: "2"}
_MARK_WIDTH = 9
_MOST_TITLE = 24
_NARROWEST = 60
_COMMAND = re.compile(r"`[^`]*`")
# Stands for a space that no line may be broken at: a command that is to be copied stays in one piece.
_TIED = "\x1f"


def headings(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings by the part of the chain and the subject that they belong to, each with its heading."""
    return [
        (f"{_GROUPS.get(group, group)} {subject}".rstrip(), list(part))
        for (group, subject), part in groupby(findings, key=lambda finding: (finding.group, finding.subject))
    ]


def printed(report: Report, *, colour: bool = False, width: int = 100) -> str:
    """The report as text, lines at most `width` wide where words allow it."""
    width = max(width, _NARROWEST)
    title_width = min(_MOST_TITLE, max((len(finding.title) for finding in report.findings), default=0))
    lines: list[str] = []
    for heading, findings in headings(report.findings):
        lines += ["", _painted(heading, "1") if colour else heading]
        for finding in findings:
            lines += _lines(finding, title_width, width, colour=colour)
    lines += ["", summary_line(report)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _lines(finding: Finding, title_width: int, width: int, *, colour: bool) -> list[str]:
    mark = _MARKS[finding.state].ljust(_MARK_WIDTH)
    title = finding.title.ljust(title_width)
    lines = _wrapped(finding.found, width, f"  {mark}{title}  ", " " * (2 + _MARK_WIDTH + title_width + 2))
    if colour:
        lines[0] = lines[0].replace(mark, _painted(mark, _COLOURS[finding.state]), 1)
    if finding.state in (State.WARNING, State.FAILED):
        lines += _labelled("Why:", finding.why, width)
    if finding.remedy and finding.state is not State.OK:
        lines += _labelled("Do:", finding.remedy, width)
    return lines


def _labelled(label: str, text: str, width: int) -> list[str]:
    indent = " " * (2 + _MARK_WIDTH)
    return _wrapped(text, width, f"{indent}{label.ljust(5)}", f"{indent}     ") if text else []


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    tied = _COMMAND.sub(lambda command: command.group().replace(" ", _TIED), text)
    lines = textwrap.wrap(
        tied, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_TIED, " ") for line in lines]


def summary_line(report: Report) -> str:
    """How many findings there are of each state, in words."""
    counts = report.summary
    words = {State.FAILED: "failed", State.WARNING: "to look at", State.OK: "ok", State.SKIPPED: "not checked"}
    return ", ".join(f"{counts[state.value]} {word}" for state, word in words.items()) + "."


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
