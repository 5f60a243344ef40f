"""Self-subject reviews: who the cluster takes the user for, and what it lets them do."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from headlamp.access.asking import ask
from headlamp.access.errors import ClusterAnswered, ClusterRejected
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport
from headlamp.problems import Problem


class WhoAmI(msgspec.Struct, frozen=True):
    """A user as the API server sees them, prefixes included."""

    username: str = ""
    groups: list[str] = []


class _ReviewStatus(msgspec.Struct):
    user_info: WhoAmI = msgspec.field(name="userInfo", default_factory=WhoAmI)


class _SelfSubjectReview(msgspec.Struct):
    status: _ReviewStatus


class ResourceRule(msgspec.Struct, frozen=True):
    """One rule of a SelfSubjectRulesReview."""

    verbs: list[str] = []
    api_groups: list[str] = msgspec.field(name="apiGroups", default_factory=list)
    resources: list[str] = []
    resource_names: list[str] = msgspec.field(name="resourceNames", default_factory=list)


class Rules(msgspec.Struct, frozen=True):
    """What a user may do in one namespace; `incomplete` when an authorizer could not list its rules."""

    resource_rules: list[ResourceRule] = msgspec.field(name="resourceRules", default_factory=list)
    incomplete: bool = False


class _SelfSubjectRulesReview(msgspec.Struct):
    status: Rules


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a cluster takes the user's credential: True, False, or None when it could not be asked, and why."""

    accepted: bool | None
    reason: str | None = None
    user: WhoAmI | None = None


async def who_am_i(transport: ClusterTransport, credential: CredentialSource | None) -> WhoAmI:
    """Ask with `SelfSubjectReview` (authentication.k8s.io/v1, served since Kubernetes 1.28)."""
    review = await ask(
        transport,
        credential,
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        _SelfSubjectReview,
        body={"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    )
    return review.status.user_info


async def acceptance(transport: ClusterTransport, credential: CredentialSource | None) -> Acceptance:
    """Ask whether the cluster accepts the credential; never raises for what the cluster or the provider does."""
    try:
        return Acceptance(True, None, await who_am_i(transport, credential))
    except ClusterRejected as rejected:
        return Acceptance(False, rejected.message)
    except ClusterAnswered as answered:
        if answered.upstream_status in (403, 404):
            # 404: older than 1.28; 403: the review itself is not allowed. Either way the token was read and taken.
            return Acceptance(True, answered.message)
        return Acceptance(None, answered.message)
    except Problem as problem:
        return Acceptance(None, problem.message)


async def rules(transport: ClusterTransport, credential: CredentialSource | None, namespace: str) -> Rules:
    """Ask with `SelfSubjectRulesReview` what the user may do in `namespace`."""
    review = await ask(
        transport,
        credential,
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        _SelfSubjectRulesReview,
        body={
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        },
    )
    return review.status
