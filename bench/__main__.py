"""Runs every measurement and prints its figures; with names only those: `python -m bench rows`."""

import sys

from bench import rows, sessions, sign_in

MEASUREMENTS = {"rows": rows.main, "sign_in": sign_in.main, "sessions": sessions.main}

chosen = sys.argv[1:] or list(MEASUREMENTS)
if unknown := set(chosen) - MEASUREMENTS.keys():
    sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
for name in chosen:
    MEASUREMENTS[name]()
