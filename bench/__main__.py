"""Measures the rows of the table and prints it: `python -m bench`, or only some of them: `python -m bench p3 p6`.

`--short` takes minutes instead of an hour. Other measurements have names of their own and are run when they are named:
`rows`, `sign_in`, `sessions` and `proxy`, whose options (`--long`, `--client`) are what else begins with `--`.
"""

import os
import sys

from bench import plan, proxy, rows, sessions, sign_in
from bench.figures import table

OTHERS = {"rows": rows.main, "sign_in": sign_in.main, "sessions": sessions.main}
PROXY = "proxy"
SHORT = "--short"

names = [word.lower() for word in sys.argv[1:] if not word.startswith("--")]
options = [word for word in sys.argv[1:] if word.startswith("--") and word != SHORT]
if unknown := set(names) - {*plan.NAMES, *OTHERS, PROXY}:
    known = ", ".join([*plan.NAMES, *OTHERS, PROXY])
    sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {known}.")
if options and PROXY not in names:
    sys.exit(f"{' '.join(options)}: only {PROXY} has options.")

failed: list[str] = []
wanted = [name for name in names if name in plan.NAMES]
if wanted or not names:
    before = os.getloadavg()[0]
    outcome = plan.run(wanted, short=SHORT in sys.argv)
    print(table(outcome.in_order()))
    print(f"{os.cpu_count()} cores; load average {before:.1f} before, {os.getloadavg()[0]:.1f} after")
    failed = outcome.failed
for name in names:
    if name == PROXY:
        proxy.main(options)
    elif name in OTHERS:
        OTHERS[name]()
if failed:
    sys.exit(f"Not measured: {', '.join(failed)}.")
