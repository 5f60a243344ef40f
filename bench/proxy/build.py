"""The Go programs of the measurement, built once for each state of their sources."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.real.stack.cache import cache_root, cached
from tests.real.stack.go import Go, go_env, wanted_by
from tests.real.stack.processes import Supervisor
from tests.real.stack.progress import Progress
from tests.real.stack.steps import run_step

SOURCES = Path(__file__).with_name("peer")
_SAYING = "Building the Go proxy, its upstream and the load, once"


class GoMissingError(Exception):
    """There is nothing to build the peer with."""


def peer(*, env: Mapping[str, str] = os.environ) -> Path:
    """The path of the program, built now unless it is in the cache. Raises `GoMissingError`, `BuildError`."""
    if shutil.which("go", path=env.get("PATH")) is None:
        raise GoMissingError("There is no Go on this machine, so there is nothing to compare the proxied path with.")
    progress = Progress()
    supervisor = Supervisor()
    try:
        made = cached(
            cache_root(env),
            _key(),
            lambda folder: _build(folder, supervisor, progress),
            waiting=lambda: progress.say("Waiting for another run that is building the Go proxy …"),
        )
    finally:
        supervisor.close()
    return made / "peer"


def _key() -> str:
    digest = hashlib.sha256()
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"proxy-peer-{platform.machine()}-{digest.hexdigest()[:16]}"


def _build(folder: Path, supervisor: Supervisor, progress: Progress) -> None:
    go = Go(supervisor, progress).command(wanted_by(SOURCES))
    command: list[str | Path] = [go, "build", "-trimpath", "-o", folder / "peer", "."]
    run_step(command, _SAYING, supervisor=supervisor, progress=progress, cwd=SOURCES, env=go_env())
