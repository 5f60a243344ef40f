"""`headlamp serve -workers N`: what is done once, before there are workers, and what each of them does."""

from __future__ import annotations

from headlamp.app import Running, announce, build, complain
from headlamp.listening import listen
from headlamp.problems import Problem
from headlamp.processes.supervisor import Supervisor
from headlamp.processes.worker import work
from headlamp.settings import Settings


def run_workers(settings: Settings) -> int:
    """Serve with `settings.workers` processes until SIGINT or SIGTERM; the exit status as of `app.run`.

    All workers accept from the same sockets: whoever is free takes the next connection, and none waits for a worker
    that has ended.
    """
    try:
        sockets = listen(settings.listen_addr, settings.port)
        # Makes the server's secret, and finds what is wrong with the settings, once and before there are workers.
        app = build(settings)
        port = sockets[0].getsockname()[1]
        Supervisor(
            settings.workers,
            lambda line: work(settings, sockets, line),
            when_ready=lambda: announce(settings, Running(app, port)),
        ).run()
    except (Problem, OSError) as error:
        complain(error)
        return 1
    return 0
