"""Which release of Kubernetes a cluster runs."""

from __future__ import annotations

import re

import msgspec

from headlamp.access.asking import ask
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport
from headlamp.problems import Problem

_NUMBER = re.compile(r"[0-9]{1,6}")


class _Version(msgspec.Struct):
    major: str = ""
    minor: str = ""


async def cluster_version(transport: ClusterTransport, credential: CredentialSource | None) -> tuple[int, int] | None:
    """Major and minor version, which an API server usually tells anybody; None where it does not."""
    try:
        answer = await ask(transport, credential, "/version", _Version)
    except Problem:
        return None
    # Some providers of clusters append a plus.
    major, minor = _NUMBER.match(answer.major), _NUMBER.match(answer.minor)
    return (int(major.group()), int(minor.group())) if major and minor else None
