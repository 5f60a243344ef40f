"""A token that was handed to the doctor, as the rooms that talk to clusters want it."""

from __future__ import annotations

import asyncio

from headlamp.clusters.credential import Bearer


class HandedToken:
    """A `CredentialSource` of one token that nobody renews."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._ended = asyncio.Event()

    @property
    def identity(self) -> str:
        return "the doctor's"

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer:
        """The token as it is; whether it is still good the cluster says."""
        return Bearer(self._token)
