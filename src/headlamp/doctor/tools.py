"""What the checks need of the outside world, handed in so that tests can put something else in its place."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

STEP_S = 5.0
"""How long one step (a look-up, a connection, a request) may take, in seconds."""


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of `host`, in the order in which they are tried. Raises `OSError` (`socket.gaierror`)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Tools:
    """Clocks (`now` in seconds since the epoch), names, randomness."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    resolve: Callable[[str, int], Awaitable[list[str]]] = system_resolver
    random: Callable[[int], bytes] = secrets.token_bytes
    step_s: float = STEP_S
