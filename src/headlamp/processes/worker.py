"""One worker: the whole server, as if it were alone, on sockets that others accept from too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import structlog
import uvloop

from headlamp.app import as_problem, serving, until_signal
from headlamp.open_files import allow_many
from headlamp.problems import Problem
from headlamp.processes.line import Line
from headlamp.settings import Settings


def work(settings: Settings, sockets: Sequence[socket.socket], line: Line) -> int:
    """Serve until SIGINT, SIGTERM or the supervisor's end; the exit status: 0, or 1 when it could not start."""
    # Outside the loop, so that every task and callback of this process inherits it.
    structlog.contextvars.bind_contextvars(worker=line.number)
    allow_many()
    try:
        uvloop.run(_serve(settings, sockets, line))
    except (Problem, OSError) as error:
        line.failed(as_problem(error))
        return 1
    return 0


async def _serve(settings: Settings, sockets: Sequence[socket.socket], line: Line) -> None:
    stop = until_signal()
    loop = asyncio.get_running_loop()

    def supervisor_has_gone() -> None:
        loop.remove_reader(line.supervisor)
        stop.set()

    loop.add_reader(line.supervisor, supervisor_has_gone)
    async with serving(settings, sockets=sockets):
        line.ready()
        await stop.wait()
