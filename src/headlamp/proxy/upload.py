"""The body of a request on its way up, and noticing that its sender has fallen silent."""

from __future__ import annotations

import asyncio
import math

from aiohttp import StreamReader

SILENCE_S = 60.0
"""How long the sender of a body may say nothing: a connection to the cluster waits meanwhile."""


class Upload:
    """The pieces of a body as they arrive. `patient` for a stream to a pod, whose sender may be silent for ever."""

    __slots__ = ("_content", "_patient", "_waiting_since")

    def __init__(self, content: StreamReader, *, patient: bool) -> None:
        self._content, self._patient = content, patient
        self._waiting_since = math.inf

    @property
    def stalled(self) -> bool:
        """Whether its sender has been silent for too long. Waiting for the cluster to take it does not count."""
        return not self._patient and asyncio.get_running_loop().time() - self._waiting_since > SILENCE_S

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        self._waiting_since = asyncio.get_running_loop().time()
        piece = await self._content.readany()
        self._waiting_since = math.inf
        if not piece:
            raise StopAsyncIteration
        return piece
