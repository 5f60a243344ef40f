"""What several checks look at, gathered once: the way to a provider and its metadata, the way to a cluster."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headlamp.clusters.tls import client_context
from headlamp.doctor.examined import Examined, ExaminedCluster, ExaminedProvider
from headlamp.doctor.judging import NONE, NOT_VERIFIED, Advice, Road, Way, travel
from headlamp.doctor.knobs import Knobs
from headlamp.doctor.once import Once
from headlamp.doctor.reaching import Place
from headlamp.doctor.recording import RecordingHttp
from headlamp.doctor.tools import Tools
from headlamp.oidc.errors import BadProviderAnswer, OidcProblem
from headlamp.oidc.http import HttpClient, trust
from headlamp.oidc.metadata import Metadata, discovery_url
from headlamp.oidc.provider import Provider

PROVIDER_ROAD = Road("provider", "the identity provider")
CLUSTER_ROAD = Road("cluster", "the cluster")


@dataclass(frozen=True, slots=True)
class Discovered:
    """What the provider says about itself: `metadata` as the relying party takes it, `document` as it came.

    `problem` is why there is no `metadata`; the document can be there all the same.
    """

    metadata: Metadata | None
    document: Mapping[str, Any] = field(default_factory=dict)
    problem: OidcProblem | None = None
    status: int | None = None


class ProviderCase:
    """One provider under examination."""

    def __init__(self, provider: ExaminedProvider, examined: Examined, tools: Tools) -> None:
        self.config = provider.config
        self.knobs = Knobs(provider)
        self.examined = examined
        self.tools = tools
        self.http = RecordingHttp(
            HttpClient(ca_pem=provider.config.ca_pem, skip_tls_verify=provider.config.skip_tls_verify)
        )
        self.party = Provider(provider.config, http=self.http, now=tools.now, random=tools.random)
        self.way = Once(self._travel)
        self.discovered = Once(self._discover)

    @property
    def subject(self) -> str:
        """How findings name it."""
        return self.config.issuer

    def context(self) -> ssl.SSLContext:
        """The TLS context of the relying party. Raises `UntrustedCertificate` for an authority that is none."""
        return trust(self.config.ca_pem, skip_verify=self.config.skip_tls_verify)

    async def close(self) -> None:
        """Stop asking, and give the connections back."""
        self.discovered.cancel()
        self.way.cancel()
        await self.party.close()

    async def _travel(self) -> Way:
        try:
            place = Place.of(self.config.issuer)
            # With checks even where they are switched off: so that one learns whether they could be switched on.
            context = trust(self.config.ca_pem)
        except (ValueError, OidcProblem):
            return Way((), open=False)
        return await travel(
            PROVIDER_ROAD,
            place,
            subject=self.subject,
            context=context,
            advice=self.knobs.advice,
            tools=self.tools,
            tolerance=NOT_VERIFIED if self.config.skip_tls_verify else NONE,
        )

    async def _discover(self) -> Discovered:
        metadata, problem = None, None
        try:
            metadata = await self.party.metadata()
        except OidcProblem as caught:
            problem = caught
        answer = self.http.answers.get(discovery_url(self.config.issuer))
        document: Mapping[str, Any] = {}
        # An error of Keycloak's is a JSON object too.
        if answer is not None and answer.status == 200:
            try:
                document = answer.json_object()
            except BadProviderAnswer:
                document = {}
        return Discovered(metadata, document, problem, answer.status if answer is not None else None)


class ClusterCase:
    """One cluster under examination."""

    def __init__(self, examined: ExaminedCluster, all_of_it: Examined, tools: Tools) -> None:
        self.cluster = examined.cluster
        self.provider_id = examined.provider_id
        self.shown = examined.shown
        self.examined = all_of_it
        self.tools = tools
        self.way = Once(self._travel)

    @property
    def subject(self) -> str:
        """How findings name it."""
        return self.cluster.original_name

    @property
    def verified(self) -> bool:
        """Whether the program looks at the API server's certificate."""
        return not (self.examined.settings.insecure_ssl or self.cluster.tls.insecure_skip_verify)

    async def close(self) -> None:
        """Stop asking."""
        self.way.cancel()

    async def _travel(self) -> Way:
        cluster = self.cluster
        # What answers is the proxy, where there is one; how it goes on from there only a request can tell.
        target = cluster.proxy_url or cluster.server
        try:
            place = Place.of(target, server_name=None if cluster.proxy_url else cluster.tls.server_name)
            context = self._context()
        except ValueError:
            return Way((), open=False)
        if cluster.proxy_url:
            place = Place(place.host, place.port, tls=False)
        return await travel(
            CLUSTER_ROAD,
            place,
            subject=self.subject,
            context=context,
            advice=_cluster_advice(cluster.proxy_url is not None, cluster.source, cluster.kubeconfig_path),
            tools=self.tools,
            tolerance=NONE if self.verified else NOT_VERIFIED,
        )

    def _context(self) -> ssl.SSLContext:
        context = client_context(self.cluster, with_certificate=False)
        if self.cluster.tls.insecure_skip_verify:
            context = ssl.create_default_context()
        return context


def _cluster_advice(proxied: bool, source: str, kubeconfig: str | None) -> Advice:
    where = f" ({kubeconfig})" if kubeconfig else ""
    if source == "incluster":
        return Advice(
            address="It is the address of the cluster that this pod runs in.",
            authority="Its authority comes with the pod's service account: look whether the pod has that volume.",
        )
    return Advice(
        address=f"The address is `{'proxy-url' if proxied else 'server'}` of the cluster in the kubeconfig{where}.",
        authority=f"Put its authority into `certificate-authority-data` of the cluster in the kubeconfig{where}.",
        name="Or set `tls-server-name` of the cluster in the kubeconfig to a name that it is valid for.",
    )


class Case:
    """The whole examination's evidence."""

    def __init__(self, examined: Examined, tools: Tools) -> None:
        self.examined = examined
        self.settings = examined.settings
        self.tools = tools
        self.providers = [ProviderCase(provider, examined, tools) for provider in examined.providers]
        self.clusters = [ClusterCase(cluster, examined, tools) for cluster in examined.clusters]

    async def close(self) -> None:
        """Stop asking, and give the connections back."""
        for provider in self.providers:
            await provider.close()
        for cluster in self.clusters:
            await cluster.close()
