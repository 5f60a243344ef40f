"""The identity providers that people can sign in at, and which one a cluster refers to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from headlamp.clusters.cluster import Cluster, ClusterToken, KubeconfigProvider
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule

DEFAULT = "default"


class Providers(Mapping[str, Provider]):
    """Providers by id: the flags' one is "default"; a kubeconfig's own gets an id made from issuer and client."""

    def __init__(self, default: ProviderConfig | None, make: Callable[[ProviderConfig], Provider]) -> None:
        self._make = make
        self._known: dict[str, Provider] = {}
        self._of_entry: dict[KubeconfigProvider, Provider] = {}
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
        # Two contexts may name one registration with different secrets or authorities, so each entry has its own.
        known = self._of_entry.get(cluster.provider)
        if known is None:
            known = self._of_entry[cluster.provider] = self._make(from_kubeconfig(cluster.provider))
        self._known[known.config.id] = known
        return known

    def rule_for(self, cluster: Cluster) -> TokenRule:
        """Which token of a sign-in `cluster` is shown: as it says itself, else as its provider's settings say."""
        if cluster.token is not None:
            return _rule(cluster.token)
        provider = self.for_cluster(cluster)
        return provider.config.token_rule if provider is not None else ID_TOKEN

    def of_issuer(self, issuer: str) -> Provider | None:
        """The provider with exactly this issuer; of several registrations the first, and the flags' one before all."""
        return next((provider for provider in self._known.values() if provider.config.issuer == issuer), None)

    async def close(self) -> None:
        for provider in {*self._known.values(), *self._of_entry.values()}:
            await provider.close()


def from_kubeconfig(provider: KubeconfigProvider) -> ProviderConfig:
    """One registration for all contexts that name the same issuer and client, and ask it for the same."""
    scopes = provider.scopes if provider.scopes is not None else ("profile", "email")
    identity = repr((provider.issuer, provider.client_id, sorted(scopes), sorted(provider.auth_params))).encode()
    params = dict(provider.auth_params)
    max_age, acr_values = params.pop("max_age", ""), params.pop("acr_values", "")
    return ProviderConfig(
        id=f"kubeconfig-{hashlib.sha256(identity).hexdigest()[:12]}",
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        scopes=tuple(scope for scope in scopes if scope != "openid"),
        display_name=urlsplit(provider.issuer).hostname or provider.issuer,
        ca_pem=provider.ca_pem,
        skip_tls_verify=provider.skip_tls_verify,
        token_rule=_rule(provider.token),
        auth_params=tuple(params.items()),
        max_age=int(max_age[:9]) if max_age.isascii() and max_age.isdigit() else None,
        acr_values=tuple(acr_values.split()),
    )


def _rule(token: ClusterToken) -> TokenRule:
    return TokenRule(token.use_access_token, token.audience, token.issuer)
