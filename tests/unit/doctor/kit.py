"""What the tests of the doctor share: a chain in which nothing is wrong, to be broken in one place each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.adversarial.provider import MisbehavingProvider

from headlamp.clusters.cluster import Cluster
from headlamp.doctor.examination import examine
from headlamp.doctor.examined import Examined, ExaminedCluster, ExaminedProvider
from headlamp.doctor.findings import Finding, State
from headlamp.doctor.report import Report
from headlamp.doctor.tools import Tools, system_resolver
from headlamp.oidc.config import ProviderConfig
from headlamp.settings import Settings

CALLBACK = "https://headlamp.example.com/oidc-callback"


def config_of(idp: MisbehavingProvider, **changes: Any) -> ProviderConfig:
    """The registration that fits `idp`."""
    right: dict[str, Any] = {
        "id": "default",
        "issuer": idp.issuer,
        "client_id": idp.client.client_id,
        "client_secret": idp.client.secret,
        "scopes": ("profile", "email", "offline_access"),
    }
    return ProviderConfig(**(right | changes))


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings with a folder of their own."""
    right: dict[str, Any] = {"state_dir": folder / "state", "public_url": "https://headlamp.example.com"}
    return Settings(**(right | changes))


def with_provider(settings: Settings, config: ProviderConfig, *, from_flags: bool = True, **changes: Any) -> Examined:
    """An installation with one provider and no cluster."""
    right: dict[str, Any] = {
        "settings": settings,
        "providers": (ExaminedProvider(config, from_flags),),
        "callback_url": CALLBACK,
    }
    return Examined(**(right | changes))


def with_cluster(settings: Settings, cluster: Cluster, **changes: Any) -> Examined:
    """An installation with one cluster and no provider."""
    return Examined(settings=settings, clusters=(ExaminedCluster(cluster, **changes),))


def tools(*, ahead: float = 0.0, names: dict[str, list[str]] | None = None, **changes: Any) -> Tools:
    """The world with a clock that is `ahead` by so many seconds, and `names` that resolve to these addresses."""
    known = names or {}

    async def resolve(host: str, port: int) -> list[str]:
        return known[host] if host in known else await system_resolver(host, port)

    right: dict[str, Any] = {"now": lambda: time.time() + ahead, "resolve": resolve, "step_s": 30.0}
    return Tools(**(right | changes))


async def diagnose(examined: Examined, *only: str, world: Tools | None = None) -> Report:
    """The report of the groups `only`, or of everything but the way in."""
    groups = {"settings", "sessions", "registration", "ingress", "provider", "cluster", "token"}
    skip = groups - set(only) if only else {"ingress"}
    return await examine(examined, tools=world or tools(), skip=skip)


def found(report: Report, point: str) -> Finding:
    """The one finding at `point`."""
    matching = [finding for finding in report.findings if finding.id == point]
    assert len(matching) == 1, [(finding.id, finding.state, finding.found) for finding in report.findings]
    return matching[0]


def wrong(report: Report) -> list[str]:
    """The ids of all that is not as it should be."""
    return [finding.id for finding in report.findings if finding.state in (State.WARNING, State.FAILED)]
