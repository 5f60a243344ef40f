"""What the doctor looks at: the parts of this server, and the tokens of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headlamp.access.explanation import Kind
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.doctor.examined import Examined, ExaminedCluster, ExaminedProvider, ShownToken
from headlamp.doctor.tickets import ProbeTickets
from headlamp.sessions.manager import ActiveSession
from headlamp.web.providers import DEFAULT
from headlamp.web.services import Services
from headlamp.web.standing import credential_for


def examined(
    services: Services,
    *,
    callback_url: str,
    logout_urls: Sequence[str] = (),
    address: str,
    tickets: ProbeTickets | None,
    shown: Mapping[str, ShownToken],
    warnings: Sequence[str] = (),
) -> Examined:
    """Everything that there is to examine; `shown` are tokens by the name of the cluster that gets to see each."""
    clusters = []
    for cluster in services.clusters.all():
        provider = services.providers.for_cluster(cluster) if cluster.error is None else None
        clusters.append(ExaminedCluster(cluster, provider.config.id if provider else None, shown.get(cluster.name)))
    return Examined(
        settings=services.settings,
        providers=tuple(
            ExaminedProvider(provider.config, from_flags=provider_id == DEFAULT)
            for provider_id, provider in services.providers.items()
        ),
        clusters=tuple(clusters),
        warnings=tuple(warnings),
        cluster_problems=services.clusters.problems,
        callback_url=callback_url,
        logout_urls=tuple(logout_urls),
        address=address,
        tickets=tickets,
        local=services.local_credentials,
    )


def tokens_of_session(services: Services, session: ActiveSession | None, *, whose: str) -> dict[str, ShownToken]:
    """What each cluster is shown of a session; in the laptop case the kubeconfig's own credentials."""
    shown = {}
    for cluster in services.clusters.all():
        credential = credential_for(services, session, cluster) if cluster.error is None else None
        if credential is None:
            continue
        if session is None:
            shown[cluster.name] = ShownToken(credential, "the kubeconfig's own credentials", "pasted_token")
            continue
        provider = services.providers.for_cluster(cluster)
        if session.pasted_for(cluster.name, provider.config.id if provider is not None else None) is not None:
            kind: Kind = "pasted_token"
        else:
            kind = "access_token" if services.providers.rule_for(cluster).use_access_token else "id_token"
        shown[cluster.name] = shown_token(services, cluster, credential, whose=whose, kind=kind)
    return shown


def shown_token(
    services: Services, cluster: Cluster, credential: CredentialSource, *, whose: str, kind: Kind
) -> ShownToken:
    """A token for `cluster`, with what one for it should carry by the settings."""
    provider, rule = services.providers.for_cluster(cluster), services.providers.rule_for(cluster)
    config = provider.config if provider is not None else None
    return ShownToken(
        credential,
        whose,
        kind,
        issuer=rule.issuer or (config.issuer if config is not None else ""),
        audience=rule.audience or (config.client_id if config is not None else ""),
        source="the kubeconfig" if cluster.provider is not None else "the settings here",
        ca_pem=config.ca_pem if config is not None else None,
    )
