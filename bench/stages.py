"""What stands around a server that is measured: a provider, and a cluster that is real or generated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.adversarial.provider import MisbehavingProvider
from tests.real.stack.apiserver import TrustedIssuer

from bench.cluster import RealCluster, real_cluster
from bench.generated_process import Generated, generated
from bench.objects import Size
from bench.programs import Around, Server, around, provider_settings, server

PODS = Size(pods=10_000, namespaces=20, nodes=20)
MANY_PODS = Size(pods=50_000, namespaces=500, nodes=2_000)


@dataclass(frozen=True)
class RealStage:
    """A real API server with ten thousand pods."""

    beside: Around
    cluster: RealCluster


@dataclass(frozen=True)
class GeneratedStage:
    """A generated one."""

    beside: Around
    cluster: Generated


@contextmanager
def real_stage(size: Size = PODS) -> Iterator[RealStage]:
    """Provider and real cluster; everybody who signs in may do everything."""
    with around() as beside:
        issuer = TrustedIssuer(
            beside.secure_issuer, MisbehavingProvider().client_id, beside.ca_file.read_text(), prefix="bench:"
        )
        with real_cluster(dict(os.environ), size, [issuer]) as cluster:
            api = cluster.api_server
            yield RealStage(replace(beside, server=api.url, cluster_ca_file=api.identity.pki.ca), cluster)


@contextmanager
def generated_stage(size: Size = PODS) -> Iterator[GeneratedStage]:
    """Provider and generated cluster."""
    with around() as beside, generated(size) as cluster:
        yield GeneratedStage(replace(beside, server=cluster.url, cluster_ca_file=cluster.ca_file), cluster)


@contextmanager
def signing_in(beside: Around, **settings: str) -> Iterator[Server]:
    """The server, where people sign in at the provider."""
    with server(beside, **provider_settings(beside, secure=True), **settings) as running:
        yield running
