"""Free loopback ports, known before anything listens on them."""

from __future__ import annotations

import random
import socket

# Below the range that Linux takes the ports of outgoing connections from (ip_local_port_range): between the choice of a
# port and its use, and while a server restarts, none of the many connections here can take it.
_RANGE = range(20_000, 32_000)


class Ports:
    """Hands out ports that nobody listens on, each one once."""

    def __init__(self) -> None:
        # Two runs on one machine should not walk through the range in step. Not seeded by the order of tests.
        self._candidates = iter(random.SystemRandom().sample(_RANGE, len(_RANGE)))

    def take(self) -> int:
        for port in self._candidates:
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise RuntimeError("There is no free port left.")
