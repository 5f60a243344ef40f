"""The load generator, as this side sees it: an order goes in, a report comes out, one line of JSON each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec


class LoadError(Exception):
    """Something that was asked for was not answered as it must be, so that the figure would mean nothing."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: `do` is "get", "echo", "hold", "drip" or "release"; see `peer/load.go`."""

    do: str
    address: str = ""
    authority: str = ""
    path: str = ""
    headers: Mapping[str, str] = {}
    connections: int = 1
    seconds: float = 0.0
    requests: int = 0
    size: int = 0
    rate: int = 0
    ca: str = ""


class Report(msgspec.Struct, frozen=True):
    """What came of it. Latencies in µs; `sha256`, `encoding` and the beginning of the `body` are the first answer's."""

    requests: int
    seconds: float
    bytes: int
    p50_us: float
    p99_us: float
    failures: int
    failure: str
    sha256: str
    encoding: str
    body: str


class Load:
    """The running program."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def obey(self, order: Order) -> Report:
        """Have an order obeyed. Raises `LoadError` when a single answer was not right."""
        given, said = self._process.stdin, self._process.stdout
        assert given is not None
        assert said is not None
        given.write(msgspec.json.encode(order) + b"\n")
        given.flush()
        line = said.readline()
        if not line:
            raise LoadError("the load generator has ended")
        report = msgspec.json.decode(line, type=Report)
        if report.failures or report.failure:
            raise LoadError(f"{order.do} {order.path}: {report.failure}")
        return report


@contextmanager
def load(program: Path, env: Mapping[str, str]) -> Iterator[Load]:
    """The load generator, ended with the block."""
    process = subprocess.Popen([program, "load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    try:
        yield Load(process)
    finally:
        process.terminate()
        process.wait(timeout=10)
