"""Measures the rows of the table and prints it: `python -m bench`, or only some of them: `python -m bench p3 p6`.

`--short` takes minutes instead of an hour. `--json FILE` and `--markdown FILE` write the figures down too. Other
measurements have names of their own and are run when they are named: `rows`, `sign_in`, `sessions` and `proxy`, whose
options (`--long`, `--client=…`) are what else begins with `--`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench import plan, proxy, report, rows, sessions, sign_in
from bench.figures import table

OTHERS = {"rows": rows.main, "sign_in": sign_in.main, "sessions": sessions.main}
PROXY = "proxy"


def main() -> None:
    """Measure what the command line names. Ends with a status other than 0 when something could not be measured."""
    asked, options = _arguments()
    names = [name.lower() for name in asked.names]
    if unknown := set(names) - {*plan.NAMES, *OTHERS, PROXY}:
        known = ", ".join([*plan.NAMES, *OTHERS, PROXY])
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {known}.")
    if options and PROXY not in names:
        sys.exit(f"{' '.join(options)}: only {PROXY} has such options.")

    failed: list[str] = []
    wanted = [name for name in names if name in plan.NAMES]
    if wanted or not names:
        failed = _table(wanted, asked)
    for name in names:
        if name == PROXY:
            proxy.main(options)
        elif name in OTHERS:
            OTHERS[name]()
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}.")


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("names", nargs="*", help="what to measure: p1 to p10, or another measurement; all of the table")
    parser.add_argument("--short", action="store_true", help="take minutes instead of an hour")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to FILE, as Markdown")
    return parser.parse_known_args()


def _table(wanted: list[str], asked: argparse.Namespace) -> list[str]:
    """Print the table of what is wanted, and write it to where it should be kept; what could not be measured."""
    before = os.getloadavg()[0]
    outcome = plan.run(wanted, short=asked.short, say=_say)
    figures, on = outcome.in_order(), report.machine(before)
    print(table(figures))
    print(f"{on.words}.")
    for file, written in ((asked.json, report.as_json), (asked.markdown, report.as_markdown)):
        if file is not None:
            file.write_text(written(figures, on, outcome.failed))
    return outcome.failed


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
