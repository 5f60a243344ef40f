"""Redirects of a cluster: kept when they stay inside it, refused when they lead elsewhere."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from headlamp.clusters.cluster import Cluster
from headlamp.proxy.errors import BadPath, RedirectElsewhere
from headlamp.proxy.paths import Target, normalised

_DEFAULT_PORTS = {"http": 80, "https": 443}


def rewritten_location(location: str, cluster: Cluster, target: Target) -> str:
    """The `Location` of an answer to `target`, as it reads under `/clusters/{c}` on our side.

    Raises `RedirectElsewhere` for another scheme, host or port than the cluster's, a path outside its own, and
    anything that our own request paths could not be.
    """
    try:
        base = urlsplit(cluster.server)
        goal = urlsplit(urljoin(cluster.server + target.path, location))
        same = _origin(goal) == _origin(base) and "@" not in goal.netloc
        inside = base.path.rstrip("/") + "/"
        if not same or not (goal.path or "/").startswith(inside):
            raise RedirectElsewhere(f"{cluster.original_name} redirects to another address.")
        _, path = normalised(goal.path[len(inside) - 1 :] or "/")
        if not (goal.query.isascii() and goal.query.isprintable()):
            raise BadPath("The query of the redirect is not plain.")
    except (ValueError, BadPath) as error:
        raise RedirectElsewhere(f"{cluster.original_name} redirects to an address that is not valid.") from error
    return target.prefix + path + (f"?{goal.query}" if goal.query else "")


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)
