"""What the handlers work with: put together once in `app.py`, read through one typed key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from headlamp.clusters.registry import Clusters
from headlamp.clusters.transports import Transports
from headlamp.doctor.desk import Desk
from headlamp.doctor.tickets import ProbeTickets
from headlamp.live.hub import Hub
from headlamp.sessions.cookie import SessionCookie
from headlamp.sessions.manager import Sessions
from headlamp.settings import Settings
from headlamp.web.event_streams import EventStreams
from headlamp.web.origin import Origins
from headlamp.web.page import Page
from headlamp.web.providers import Providers
from headlamp.web.sign_outs import SignOuts
from headlamp.web.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms below, as the handlers see them. `local_credentials` is the laptop case: no sign-in, loopback only."""

    settings: Settings
    clusters: Clusters
    transports: Transports
    providers: Providers
    sessions: Sessions
    cookie: SessionCookie
    transactions: Transactions
    sign_outs: SignOuts
    origins: Origins
    hub: Hub
    streams: EventStreams
    page: Page
    desk: Desk
    tickets: ProbeTickets
    local_credentials: bool
    now: Callable[[], float]

    @property
    def base_url(self) -> str:
        """The path prefix: empty, or with a leading and without a trailing slash."""
        return self.settings.base_url


SERVICES = web.AppKey("services", Services)
