"""What is examined: settings, providers, clusters, and how people come in. Put together by whoever knows them all."""

from __future__ import annotations

from dataclasses import dataclass, field

from headlamp.access.explanation import Kind
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.doctor.tickets import ProbeTickets
from headlamp.oidc.config import ProviderConfig
from headlamp.settings import Settings


@dataclass(frozen=True, slots=True)
class ExaminedProvider:
    """One provider. `from_flags` is False for one that a kubeconfig names: its settings are typed there."""

    config: ProviderConfig
    from_flags: bool


@dataclass(frozen=True, slots=True)
class ShownToken:
    """What a cluster is shown, and what it is likely to expect.

    `whose` says in words where it comes from ("the token of your session"). `issuer` and `audience` are what a token
    for this cluster should carry by the setting that `source` names, and `ca_pem` is the provider's own authority.
    """

    credential: CredentialSource = field(repr=False)
    whose: str
    kind: Kind
    issuer: str = ""
    audience: str = ""
    source: str = ""
    ca_pem: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ExaminedCluster:
    """One cluster, the id of the provider that signs people in for it, and the token to show it, if there is one."""

    cluster: Cluster
    provider_id: str | None = None
    shown: ShownToken | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that the checks look at.

    `warnings` are those of reading the settings. `callback_url` is the one to register, `logout_urls` the two for
    sign-out (back to here, and from the provider's server), and `address` where people reach the server; all are empty
    where that depends on a request that nobody has made. `tickets` open the server's
    own view of what an ingress passes on; None where its secret is not at hand. `local` is the laptop case.
    """

    settings: Settings
    providers: tuple[ExaminedProvider, ...] = ()
    clusters: tuple[ExaminedCluster, ...] = ()
    warnings: tuple[str, ...] = ()
    cluster_problems: tuple[str, ...] = ()
    callback_url: str = ""
    logout_urls: tuple[str, ...] = ()
    address: str = ""
    tickets: ProbeTickets | None = field(default=None, repr=False)
    local: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in no finding, whoever repeats it."""
        known = [provider.config.client_secret for provider in self.providers]
        known += [provider.config.client_key_pem for provider in self.providers]
        known += [
            secret.reveal() for secret in (self.settings.oidc_client_secret, self.settings.session_secret) if secret
        ]
        return tuple(secret for secret in known if secret)
