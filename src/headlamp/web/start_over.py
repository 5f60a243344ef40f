"""A sign-in on its way through a request: what an error's page needs in order to offer it once more."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web


@dataclass(frozen=True, slots=True)
class StartOver:
    """The same sign-in again: same provider, same place to come back to.

    `provider` is its display name. `return_to` is empty for a popup of a Headlamp frontend, which names no place.
    `slot` is the cookie of the sign-in that the provider has answered, None before it has: an error spends it.
    """

    provider_id: str
    provider: str
    cluster: str
    return_to: str
    slot: int | None = None

    def href(self, base_url: str, *, prompt: str = "") -> str:
        """Where a press of the button leads; nothing but a press does, so no error starts a sign-in by itself."""
        query = {"cluster": self.cluster} if self.cluster else {"provider": self.provider_id}
        if self.return_to:
            query["return_to"] = self.return_to
        if prompt:
            query["prompt"] = prompt
        return f"{base_url}/oidc?{urlencode(query)}"


START_OVER = web.RequestKey("start_over", StartOver)
"""Set by the handlers of a sign-in as soon as they know which one it is."""
