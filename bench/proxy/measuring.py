"""What a request and a message cost, and how much later an answer comes: both proxies in turn, in rounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.proxy.load import Load, LoadError, Order, Report
from bench.proxy.parties import Party
from bench.proxy.table import GOALS, Figure

EXEC = "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&stdin=true"
MESSAGE = 1024
US = 1e6


@dataclass(frozen=True)
class Work:
    """A row: what is asked for, over how many connections at once."""

    name: str
    path: str
    connections: int
    do: str = "get"
    cost: str = "CPU a request"
    pace: str = "requests a second"
    encoding: str = ""


WORKS = (
    Work("2 KB", "/api/v1/small", 8),
    Work("200 KB", "/api/v1/medium", 8),
    Work("200 KB of gzip", "/api/v1/packed", 8, encoding="gzip"),
    Work("5 MB", "/api/v1/large", 4),
    Work("WebSocket, 1 KB there and back", EXEC, 8, do="echo", cost="CPU", pace="a second"),
)
# Beside a Go proxy that opens connections anew all the time.
CHURN = Work("2 KB, Go's default pool", "/api/v1/small", 8)


def costs(
    load: Load, ours: Party, go: Party, *, rounds: int, seconds: float, works: Sequence[Work] = WORKS
) -> Iterator[Figure]:
    """For each of `works` two figures: CPU for one, in µs, and how many in a second."""
    for work in works:
        spent: dict[str, list[float]] = {ours.name: [], go.name: []}
        pace: dict[str, list[float]] = {ours.name: [], go.name: []}
        answers = {party.name: _checked(load, work, party) for party in (ours, go)}
        if len(set(answers.values())) > 1:
            raise LoadError(f"{work.name}: the two proxies answer with different bodies")
        for at in range(rounds):
            for party in (ours, go) if at % 2 == 0 else (go, ours):
                before = party.cpu()
                report = load.obey(_order(work, party, seconds=seconds))
                # The first answer of each connection is asked for before the time begins.
                count = report.requests + (work.connections if work.do == "get" else 0)
                spent[party.name].append((party.cpu() - before) / count * US)
                pace[party.name].append(report.requests / report.seconds)
        for name, unit, found in ((work.cost, "µs", spent), (work.pace, "/s", pace)):
            row = f"{work.name}: {name}"
            yield Figure(row, unit, found[ours.name], found[go.name], GOALS[row])


def latency(load: Load, ours: Party, go: Party, direct: Party, *, rounds: int, seconds: float) -> Figure:
    """How much later than the upstream itself each proxy answers, on one connection; 2 KB, medians of each round."""
    row = "added latency, p50, 1 connection"
    added: dict[str, list[float]] = {ours.name: [], go.name: []}
    asked = Work("one connection", "/api/v1/small", 1)
    for at in range(rounds):
        middle = load.obey(_order(asked, direct, seconds=seconds)).p50_us
        for party in (ours, go) if at % 2 == 0 else (go, ours):
            added[party.name].append(load.obey(_order(asked, party, seconds=seconds)).p50_us - middle)
    return Figure(row, "µs", added[ours.name], added[go.name], GOALS[row])


def _checked(load: Load, work: Work, party: Party) -> tuple[str, str]:
    """Digest and encoding of one answer; a few more warm both ends up."""
    report: Report = load.obey(_order(work, party, requests=2 * work.connections))
    if report.encoding != work.encoding:
        raise LoadError(f"{work.name}: {party.name} answers with the encoding {report.encoding!r}")
    return report.sha256, report.encoding


def _order(work: Work, party: Party, *, seconds: float = 0.0, requests: int = 0) -> Order:
    size = MESSAGE if work.do == "echo" else 0
    return party.order(work.do, work.path, connections=work.connections, seconds=seconds, requests=requests, size=size)
