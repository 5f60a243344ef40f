"""Which clusters there are, kept up to date with the files that say so."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from headlamp.clusters import incluster
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.files import WatchedFiles
from headlamp.clusters.kubeconfig import read_kubeconfigs

_LOOK_EVERY = 2.0


class Clusters:
    """The clusters of kubeconfig files and, when asked for, the one that this server runs in.

    `kubeconfig` is a list of paths as in $KUBECONFIG. `local_credentials_allowed` is the laptop case: no OpenID
    Connect configured and a listener on loopback only; in any other case the credentials in a kubeconfig are not read.
    The files are read once here, so that a server that has started knows its clusters.
    """

    def __init__(
        self,
        *,
        kubeconfig: str = "",
        skipped_kube_contexts: Iterable[str] = (),
        in_cluster: bool = False,
        in_cluster_context_name: str = "main",
        in_cluster_server: str = incluster.SERVER,
        service_account: Path = incluster.SERVICE_ACCOUNT,
        local_credentials_allowed: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = [Path(part).expanduser().absolute() for part in kubeconfig.split(os.pathsep) if part]
        self._skipped = frozenset(skipped_kube_contexts)
        self._in_cluster = in_cluster
        self._in_cluster_name = in_cluster_context_name
        self._in_cluster_server = in_cluster_server
        self._service_account = service_account
        self._local_credentials_allowed = local_credentials_allowed
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self.generation = 0
        """Another number whenever the files were read anew."""
        self._load()

    def get(self, name: str) -> Cluster | None:
        """The cluster of that name (the one in URLs)."""
        return self._by_name.get(name)

    def all(self) -> list[Cluster]:
        """All clusters, broken ones too, in the order of the files."""
        return list(self._by_name.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with whole files, a sentence each. They name paths: not for people who are not signed in."""
        return self._problems

    async def refresh_if_changed(self) -> bool:
        """Read everything anew if a file has changed; looks at most every two seconds. Whether it has read."""
        now = self._monotonic()
        if now - self._looked_at < _LOOK_EVERY:
            return False
        self._looked_at = now
        if not await asyncio.to_thread(self._files.changed):
            return False
        await asyncio.to_thread(self._load)
        return True

    def _load(self) -> None:
        files = WatchedFiles()
        found: list[Cluster] = []
        if self._in_cluster:
            found.append(
                incluster.in_cluster(
                    self._in_cluster_name, files, service_account=self._service_account, server=self._in_cluster_server
                )
            )
        read = read_kubeconfigs(
            self._paths, files, skipped=self._skipped, with_credentials=self._local_credentials_allowed
        )
        found += read.clusters
        self._files = files
        self._by_name = _each_name_once(found)
        self._problems = tuple(read.problems)
        self.generation += 1


def _each_name_once(clusters: Iterable[Cluster]) -> dict[str, Cluster]:
    """By name; a second one of the same name is shown under another one, with an error, instead of being hidden."""
    by_name: dict[str, Cluster] = {}
    for cluster in clusters:
        name, number = cluster.name, 2
        while name in by_name:
            name, number = f"{cluster.name}--{number}", number + 1
        if name != cluster.name:
            other = by_name[cluster.name].original_name
            cluster = replace(
                cluster,
                name=name,
                local_credentials=None,
                error=f"The name {cluster.original_name} can't be told from {other} in URLs; rename one of them.",
            )
        by_name[name] = cluster
    return by_name
