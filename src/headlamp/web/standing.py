"""One user's standing with one cluster: which cluster, over which connection, with which credential."""

from __future__ import annotations

import asyncio

import msgspec

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.clusters.errors import ClusterUnusable
from headlamp.clusters.transport import ClusterTransport
from headlamp.oidc.provider import Provider
from headlamp.problems import Problem
from headlamp.sessions.manager import ActiveSession
from headlamp.web.errors import SignInRequired
from headlamp.web.services import Services


class UnknownCluster(Problem):
    code = "cluster.unknown"
    status = 404
    title = "There is no such cluster"
    remedy = "Choose a cluster on the start page. Clusters come from the server's kubeconfig or from -in-cluster."


class LocalCredential:
    """The laptop case: the kubeconfig's own user speaks, through the transport, and nothing ever ends."""

    def __init__(self, cluster: Cluster) -> None:
        self._identity = f"local:{cluster.name}"
        self._ended = asyncio.Event()

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer | None:
        return None


class Standing(msgspec.Struct, frozen=True):
    """All that is needed to ask a cluster something as one user."""

    cluster: Cluster
    transport: ClusterTransport
    credential: CredentialSource


async def find_cluster(services: Services, name: str) -> Cluster:
    """The cluster called `name`. Raises `UnknownCluster`."""
    await services.clusters.refresh_if_changed()
    cluster = services.clusters.get(name)
    if cluster is None:
        raise UnknownCluster("There is no cluster of that name here.")
    return cluster


async def find_provider(services: Services, provider_id: str) -> Provider | None:
    """The provider of that id, by what the kubeconfig says now."""
    await services.clusters.refresh_if_changed()
    return services.providers.get(provider_id)


def credential_for(services: Services, session: ActiveSession | None, cluster: Cluster) -> CredentialSource | None:
    """The user's credential for `cluster`: the session's, or in the laptop case the kubeconfig's own user."""
    provider = services.providers.for_cluster(cluster)
    if session is not None:
        source = session.credential_source(
            cluster.name, provider.config.id if provider else None, services.providers.rule_for(cluster)
        )
        if source is not None:
            return source
    if services.local_credentials and provider is None and cluster.local_credentials is not None:
        return LocalCredential(cluster)
    return None


async def standing(services: Services, session: ActiveSession | None, name: str) -> Standing:
    """What a request to cluster `name` goes out with.

    Raises `SignInRequired` before anything is said about the cluster to somebody who has no session at all,
    `UnknownCluster`, `ClusterUnusable`.
    """
    if session is None and not services.local_credentials:
        raise SignInRequired("You are not signed in.")
    cluster = await find_cluster(services, name)
    if cluster.error is not None:
        raise ClusterUnusable(cluster.error)
    credential = credential_for(services, session, cluster)
    if credential is None:
        raise SignInRequired("You are not signed in for this cluster.")
    return Standing(cluster, services.transports.for_cluster(cluster), credential)
