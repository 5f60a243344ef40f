"""`python -m bench proxy`: measures all rows and prints the table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.proxy import build, measuring, memory
from bench.proxy.parties import KEPT_BY_DEFAULT, Laid, laid_out
from bench.proxy.table import GOALS, Figure, printed

CLIENTS = ("aiohttp", "lean")


@dataclass(frozen=True)
class Form:
    """How long it may take: rounds of `seconds` each, and how many seconds slow downloads are watched."""

    rounds: int
    seconds: float
    watched: float
    sockets: int = 1000
    downloads: int = 200


SHORT = Form(rounds=5, seconds=0.7, watched=6.0)
LONG = Form(rounds=15, seconds=2.0, watched=60.0)


def main(words: Sequence[str] = ()) -> None:
    """Measure and print. Ends the program with status 1 where there is no Go."""
    parser = argparse.ArgumentParser(prog="python -m bench proxy", description=__doc__)
    parser.add_argument("--long", action="store_true", help="15 rounds of 2 s instead of 5 of 0.7 s")
    parser.add_argument("--client", choices=CLIENTS, help="the client towards the cluster (-cluster-client)")
    chosen = parser.parse_args(words)
    try:
        program = build.peer()
    except build.GoMissingError as missing:
        sys.exit(f"bench proxy: {missing}")
    settings = {"cluster_client": chosen.client} if chosen.client else {}
    form = LONG if chosen.long else SHORT
    begun = time.monotonic()
    figures = list(measured(program, settings, form))
    client = chosen.client or "the default client"
    print(f"The proxied path, with {client} towards the cluster, beside httputil.ReverseProxy: one core each")
    print(f"  {form.rounds} rounds of {form.seconds} s in turn; medians; {time.monotonic() - begun:.0f} s in all")
    print(printed(sorted(figures, key=lambda figure: list(GOALS).index(figure.row))))


def measured(program: Path, settings: dict[str, str], form: Form) -> Iterator[Figure]:
    """All figures."""
    memory.room_for_connections()
    with laid_out(program, settings) as laid:
        yield from _costs(laid, form)
        # Started anew for each: what was in use before is not given back to the system.
        with laid.ours() as ours, laid.go(laid.token_like_that_of(ours)) as go:
            yield memory.idle_sockets(laid.load, ours, go, sockets=form.sockets)
        with laid.ours() as ours, laid.go(laid.token_like_that_of(ours)) as go:
            yield from memory.slow_downloads(laid.load, ours, go, downloads=form.downloads, seconds=form.watched)


def _costs(laid: Laid, form: Form) -> Iterator[Figure]:
    rounds, seconds = form.rounds, form.seconds
    with laid.ours() as ours:
        token = laid.token_like_that_of(ours)
        with laid.go(token) as go:
            yield from measuring.costs(laid.load, ours, go, rounds=rounds, seconds=seconds)
            yield measuring.latency(laid.load, ours, go, laid.direct(token), rounds=rounds, seconds=seconds / 2)
        with laid.go(token, kept=KEPT_BY_DEFAULT) as go:
            yield from measuring.costs(laid.load, ours, go, rounds=rounds, seconds=seconds, works=(measuring.CHURN,))
