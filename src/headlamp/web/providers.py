"""The identity providers that people can sign in at, and which one a cluster refers to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from headlamp.clusters.cluster import Cluster, KubeconfigProvider
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.provider import Provider

DEFAULT = "default"


class Providers(Mapping[str, Provider]):
    """Providers by id: the flags' one is "default"; a kubeconfig's own gets an id made from issuer and client."""

    def __init__(self, default: ProviderConfig | None, make: Callable[[ProviderConfig], Provider]) -> None:
        self._make = make
        self._known: dict[str, Provider] = {}
        if default is not None:
            self._known[default.id] = make(default)

    def __getitem__(self, provider_id: str) -> Provider:
        return self._known[provider_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def for_cluster(self, cluster: Cluster) -> Provider | None:
        """The provider that signs people in for `cluster`: its kubeconfig's own, else the flags' one, else None."""
        if cluster.provider is None:
            return self._known.get(DEFAULT)
        config = from_kubeconfig(cluster.provider)
        known = self._known.get(config.id)
        if known is None or known.config != config:
            known = self._known[config.id] = self._make(config)
        return known

    async def close(self) -> None:
        for provider in self._known.values():
            await provider.close()


def from_kubeconfig(provider: KubeconfigProvider) -> ProviderConfig:
    """One registration for all contexts that name the same issuer and client."""
    identity = f"{provider.issuer}\n{provider.client_id}".encode()
    scopes = provider.scopes if provider.scopes is not None else ("profile", "email")
    return ProviderConfig(
        id=f"kubeconfig-{hashlib.sha256(identity).hexdigest()[:12]}",
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        scopes=tuple(scope for scope in scopes if scope != "openid"),
        display_name=urlsplit(provider.issuer).hostname or provider.issuer,
        ca_pem=provider.ca_pem,
        skip_tls_verify=provider.skip_tls_verify,
    )
