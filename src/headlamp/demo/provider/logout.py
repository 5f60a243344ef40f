"""Sign-out started by the relying party (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web

from headlamp.demo.provider import pages
from headlamp.demo.provider.config import ProviderConfig


class Logout:
    """The provider has no session of its own to end: whoever comes is asked whom to be each time."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    async def end_session(self, request: web.Request) -> web.Response:
        """Back to the client, when it says where to and that address is registered; a page otherwise."""
        parameters = await request.post() if request.method == "POST" else request.query
        wanted, state = parameters.get("post_logout_redirect_uri"), parameters.get("state")
        if not isinstance(wanted, str) or not wanted:
            return pages.signed_out()
        if wanted not in self._config.client.post_logout_redirect_uris:
            return pages.refused("The address to go to after signing out is not registered.")
        parts = urlsplit(wanted)
        query = urlencode({"state": state}) if isinstance(state, str) and state else ""
        return pages.redirect(urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, query))))))
