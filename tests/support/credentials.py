"""Credential sources for tests."""

from __future__ import annotations

import asyncio

from headlamp.clusters.credential import Bearer
from headlamp.problems import Problem


class FixedCredential:
    """Hands out `token` (None: nothing), or raises `problem`, until a test sets `ended`."""

    def __init__(self, token: str | None = "token-of-alice", *, problem: Problem | None = None) -> None:
        self.token = token
        self.problem = problem
        self.asked = 0
        self._ended = asyncio.Event()

    @property
    def identity(self) -> str:
        return f"identity of {self.token}"

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer | None:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return Bearer(self.token) if self.token is not None else None
