"""The cluster that this server runs in."""

from __future__ import annotations

from pathlib import Path

from headlamp.clusters.cluster import Cluster, ClusterTls
from headlamp.clusters.files import WatchedFiles
from headlamp.clusters.names import url_name

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"


def in_cluster(
    name: str, files: WatchedFiles, *, service_account: Path = SERVICE_ACCOUNT, server: str = SERVER
) -> Cluster:
    """The surrounding cluster under `name`: its address, and the authority that is mounted into every pod.

    The service account's token beside it is never read: people work as themselves or not at all.
    """
    authority = service_account / "ca.crt"
    error = None
    ca_pem = None
    try:
        ca_pem = files.read(authority, limit=1024 * 1024).decode("ascii")
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "it is not PEM text"
        error = f"The service account's certificate authority {authority} can't be read: {reason}."
    return Cluster(url_name(name), name, server=server, tls=ClusterTls(ca_pem), source="incluster", error=error)
