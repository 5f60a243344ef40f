"""Waiting for what a test is about to assert, for as long as a busy machine may need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], bool], *, within: float = 60.0) -> None:
    """Look until `happened` says so. Raises `TimeoutError` after `within` seconds."""
    async with asyncio.timeout(within):
        while not happened():
            await asyncio.sleep(0.01)
