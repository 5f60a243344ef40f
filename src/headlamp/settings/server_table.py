"""The part of the table that says where the program listens, and which clusters it offers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headlamp.settings import kinds
from headlamp.settings.addresses import IpNetwork, is_loopback
from headlamp.settings.declaring import setting
from headlamp.settings.groups import CLUSTERS, SERVER

_TRUSTED: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The settings of the groups "Server" and "Clusters"."""

    # Server
    listen_addr: str = setting(
        "",
        kinds.LISTEN_ADDR,
        group=SERVER,
        shown_default="all addresses",
        help="Address to listen on. Use localhost when the program is for you alone.",
    )
    port: int = setting(4466, kinds.PORT, group=SERVER, help="Port to listen on. 0 takes any free one.")
    base_url: str = setting(
        "",
        kinds.BASE_URL,
        group=SERVER,
        help='Path under which everything is served, for example "/headlamp".',
    )
    public_url: str = setting(
        "",
        kinds.URL,
        group=SERVER,
        shown_default="taken from each request",
        help="Address that people open, for example https://headlamp.example.com. Set it behind a reverse proxy.",
    )
    trusted_proxies: tuple[IpNetwork, ...] = setting(
        _TRUSTED,
        kinds.NETWORKS,
        group=SERVER,
        help="Addresses and networks whose X-Forwarded-Proto and X-Forwarded-For are believed.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        kinds.HOSTS,
        group=SERVER,
        help="Further host names by which the program may be asked, besides the public URL's and those of localhost; "
        "*.example.org stands for all names below example.org.",
    )
    tls_cert_path: Path | None = setting(
        None,
        kinds.OPTIONAL_FILE,
        group=SERVER,
        help="Certificate chain (PEM) for serving https. Needs -tls-key-path.",
    )
    tls_key_path: Path | None = setting(
        None, kinds.OPTIONAL_FILE, group=SERVER, help="Private key (PEM, not encrypted) of -tls-cert-path."
    )
    html_static_dir: Path | None = setting(
        None,
        kinds.OPTIONAL_DIRECTORY,
        group=SERVER,
        shown_default="the page that comes with the program",
        help="Serve another web frontend, from this directory.",
    )
    insecure_cookie: bool = setting(
        False,
        kinds.SWITCH,
        group=SERVER,
        help="Allow the session cookie over plain http on hosts other than localhost. Anybody on the network between "
        "can then take over a session.",
    )
    log_level: str = setting("info", kinds.LOG_LEVEL, group=SERVER, help="How much to log: debug, info, warn or error.")

    # Clusters
    in_cluster: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Offer the cluster that this pod runs in, by its service account's CA and the API server's address.",
    )
    in_cluster_context_name: str = setting("main", kinds.TEXT, group=CLUSTERS, help="Name of that cluster.")
    kubeconfig: str = setting(
        "",
        kinds.PATHS,
        group=CLUSTERS,
        shown_default="$KUBECONFIG, or else ~/.kube/config; none with -in-cluster",
        help="Kubeconfig files, separated by colons and merged as kubectl does.",
    )
    skipped_kube_contexts: tuple[str, ...] = setting(
        (), kinds.NAMES, group=CLUSTERS, help="Contexts of the kubeconfig that are not offered, separated by commas."
    )
    insecure_ssl: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Don't verify the certificates of clusters. Whoever answers in their place gets people's tokens.",
    )
    allow_proxy_subresource: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Pass requests on to the proxy subresource of nodes, services and pods, where RBAC allows it.",
    )
    cluster_client: str = setting(
        "lean",
        kinds.CLUSTER_CLIENT,
        group=CLUSTERS,
        help="HTTP client for requests to clusters: lean, with which a small request takes the server a third less "
        "processor time, or aiohttp, the library. WebSockets, and clusters behind a proxy, are aiohttp's with either.",
    )

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine can connect: one condition of the laptop case."""
        # A name below localhost is for the resolver to decide, and not all of them keep RFC 6761.
        return is_loopback(self.listen_addr) and not self.listen_addr.lower().endswith(".localhost")
