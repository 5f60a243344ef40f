"""Answers that are read whole, and may therefore not be of any size."""

from __future__ import annotations

from collections.abc import AsyncIterator

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import AnswerTooLarge


async def whole(chunks: AsyncIterator[bytes], limit: int, cluster: Cluster) -> bytes:
    """All of `chunks`. Raises `AnswerTooLarge` beyond `limit` bytes, and what `chunks` raises."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(limit, cluster=cluster.name)
    return bytes(body)
