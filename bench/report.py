"""What a run came to, to be kept: the figures as JSON, or as the table of docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.figures import Figure, amount, goal, verdict

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What measured. `load_before` and `load_after` are Linux's load averages of one minute."""

    processor: str
    cores: int
    system: str
    python: str
    load_before: float
    load_after: float

    @property
    def words(self) -> str:
        """All of it in one line."""
        load = f"load average {self.load_before:.1f} before, {self.load_after:.1f} after"
        return f"{self.cores} cores of {self.processor}, {self.system}, {self.python}; {load}"


def machine(load_before: float) -> Machine:
    """This one, now."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load_before=load_before,
        load_after=os.getloadavg()[0],
    )


def as_json(figures: Sequence[Figure], on: Machine, missing: Sequence[str]) -> str:
    """`{"machine": {…}, "figures": [{…, "met": true, false or null}], "not_measured": [names]}`."""
    told = [asdict(figure) | {"met": figure.met} for figure in figures]
    return json.dumps({"machine": asdict(on), "figures": told, "not_measured": list(missing)}, indent=2) + "\n"


def as_markdown(figures: Sequence[Figure], on: Machine, missing: Sequence[str]) -> str:
    """A table with a line each, and below it where that was measured."""
    lines = ["| # | Figure | Measured | Goal | | Spread and what else there is |", "|---|---|---|---|---|---|"]
    for figure in figures:
        cells = (
            figure.row,
            figure.what,
            amount(figure.value, figure.unit),
            goal(figure),
            verdict(figure),
            figure.more,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", f"{on.words}."]
    if missing:
        lines.append(f"Not measured: {', '.join(missing)}.")
    return "\n".join(lines) + "\n"


def _processor() -> str:
    """The processor's own name, which Python does not know on Linux."""
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
