"""The transports in use, one a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster, ClusterTls, LocalCredentials
from headlamp.clusters.lean.transport import LeanTransport

CLIENTS: Mapping[str, type[AiohttpTransport]] = MappingProxyType({"lean": LeanTransport, "aiohttp": AiohttpTransport})
"""What `-cluster-client` may name."""

_Connection = tuple[str, ClusterTls, str | None, LocalCredentials | None]


class Transports:
    """Hands out the transport of a cluster, made on first use and anew when what it is made from has changed."""

    def __init__(self, *, insecure_ssl: bool = False, make: type[AiohttpTransport] = LeanTransport) -> None:
        self._insecure_ssl = insecure_ssl
        self._make = make
        self._open: dict[str, tuple[_Connection, AiohttpTransport]] = {}

    def for_cluster(self, cluster: Cluster) -> AiohttpTransport:
        """The transport of `cluster`. Raises `ClusterUnusable` for a cluster with an `error`.

        When the definition has changed, requests under way finish on the old transport, which then closes.
        """
        connection = (cluster.server, cluster.tls, cluster.proxy_url, cluster.local_credentials)
        known = self._open.get(cluster.name)
        if known is not None and known[0] == connection and cluster.error is None:
            return known[1]
        made = self._make(cluster, insecure_ssl=self._insecure_ssl)
        if known is not None:
            known[1].retire()
        self._open[cluster.name] = (connection, made)
        return made

    async def close(self) -> None:
        """Close all connections of all clusters."""
        for _, transport in self._open.values():
            await transport.close()
        self._open.clear()
