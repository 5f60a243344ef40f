"""Which checks there are, in the order in which they are told. A new one is a file in `checks/` and a line here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from headlamp.doctor.checks import (
    client,
    cluster,
    ingress,
    keys,
    metadata,
    provider,
    redirect,
    registration,
    scopes,
    sessions,
    settings,
    token,
)
from headlamp.doctor.evidence import Case, ClusterCase, ProviderCase
from headlamp.doctor.findings import Finding

Findings = AsyncIterator[Finding]

ONCE: Final[tuple[Callable[[Case], Findings], ...]] = (
    settings.check,
    sessions.check,
    registration.check,
    ingress.check,
)
FOR_EACH_PROVIDER: Final[tuple[Callable[[ProviderCase], Findings], ...]] = (
    provider.check,
    metadata.check,
    keys.check,
    scopes.check,
    redirect.check,
    client.check,
)
FOR_EACH_CLUSTER: Final[tuple[Callable[[ClusterCase], Findings], ...]] = (
    cluster.check,
    token.check,
)
