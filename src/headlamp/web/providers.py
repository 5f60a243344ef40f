"""The identity providers that people can sign in at, and which one a cluster refers to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from headlamp.clusters.cluster import Cluster, ClusterToken, KubeconfigProvider
from headlamp.oidc.config import SIGNING_ALGS, ProviderConfig
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule

DEFAULT = "default"


class Named(Protocol):
    """The part of `headlamp.clusters.registry.Clusters` that names providers."""

    generation: int

    def all(self) -> list[Cluster]: ...


class Providers(Mapping[str, Provider]):
    """Providers by id: the flags' one is "default"; a kubeconfig's own gets an id made from issuer and client.

    Those of kubeconfigs are the ones that `clusters` name now: nobody signs in at one that a file has lost.
    `signing_algs` are for them too, since a kubeconfig has no place for algorithms.
    """

    def __init__(
        self,
        default: ProviderConfig | None,
        make: Callable[[ProviderConfig], Provider],
        clusters: Named | None = None,
        *,
        signing_algs: frozenset[str] = SIGNING_ALGS,
    ) -> None:
        self._make = make
        self._clusters = clusters
        self._signing_algs = signing_algs
        self._default = {default.id: make(default)} if default is not None else {}
        self._named = dict(self._default)
        self._generation: int | None = None
        self._of_entry: dict[KubeconfigProvider, Provider] = {}

    def __getitem__(self, provider_id: str) -> Provider:
        return self._known()[provider_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def for_cluster(self, cluster: Cluster) -> Provider | None:
        """The provider that signs people in for `cluster`: its kubeconfig's own, else the flags' one, else None."""
        return self._default.get(DEFAULT) if cluster.provider is None else self._of(cluster.provider)

    def rule_for(self, cluster: Cluster) -> TokenRule:
        """Which token of a sign-in `cluster` is shown: as it says itself, else as its provider's settings say."""
        if cluster.token is not None:
            return _rule(cluster.token)
        provider = self.for_cluster(cluster)
        return provider.config.token_rule if provider is not None else ID_TOKEN

    def of_issuer(self, issuer: str) -> Provider | None:
        """The provider with exactly this issuer; of several registrations the first, and the flags' one before all."""
        return next((provider for provider in self.values() if provider.config.issuer == issuer), None)

    async def close(self) -> None:
        for provider in (*self._default.values(), *self._of_entry.values()):
            await provider.close()

    def _known(self) -> Mapping[str, Provider]:
        """By id. Several entries may name one registration, with different secrets: the first of them holds."""
        if self._clusters is not None and self._clusters.generation != self._generation:
            self._generation = self._clusters.generation
            self._named = dict(self._default)
            for cluster in self._clusters.all():
                if cluster.provider is not None:
                    party = self._of(cluster.provider)
                    self._named.setdefault(party.config.id, party)
        return self._named

    def _of(self, entry: KubeconfigProvider) -> Provider:
        known = self._of_entry.get(entry)
        if known is None:
            known = self._of_entry[entry] = self._make(from_kubeconfig(entry, signing_algs=self._signing_algs))
        return known


def from_kubeconfig(provider: KubeconfigProvider, *, signing_algs: frozenset[str] = SIGNING_ALGS) -> ProviderConfig:
    """One registration for all contexts that name the same issuer and client, and ask it for the same.

    A context that skips the verification of TLS has its own: what others sign in with must not travel like that.
    """
    scopes = provider.scopes if provider.scopes is not None else ("profile", "email")
    told_apart = (provider.issuer, provider.client_id, sorted(scopes), sorted(provider.auth_params))
    identity = repr((*told_apart, "unverified") if provider.skip_tls_verify else told_apart).encode()
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
        signing_algs=signing_algs,
        token_rule=_rule(provider.token),
        auth_params=tuple(params.items()),
        max_age=int(max_age[:9]) if max_age.isascii() and max_age.isdigit() else None,
        acr_values=tuple(acr_values.split()),
    )


def _rule(token: ClusterToken) -> TokenRule:
    return TokenRule(token.use_access_token, token.audience, token.issuer)
