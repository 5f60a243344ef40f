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


ANONYMOUS = "system:anonymous"
"""Whom an API server takes somebody for whose credential it has not seen."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a cluster takes the user's credential: True, False, or None when it could not be asked, and why.

    `problem` is what came of the question where there is no plain yes; `server_time` the cluster's clock, in seconds
    since the epoch, where it told it with a refusal.
    """

    accepted: bool | None
    reason: str | None = None
    user: WhoAmI | None = None
    problem: Problem | None = None
    server_time: float | None = None


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
        user = await who_am_i(transport, credential)
        # In the laptop case nobody need be anybody: a cluster on the same machine may let anonymous people in.
        unread = user.username == ANONYMOUS and credential is not None and await credential.current() is not None
    except ClusterRejected as rejected:
        return Acceptance(False, rejected.message, problem=rejected, server_time=rejected.server_time)
    except ClusterAnswered as answered:
        return _read_refusal(answered)
    except Problem as problem:
        return Acceptance(None, problem.message, problem=problem)
    return _unread() if unread else Acceptance(True, None, user)


def _read_refusal(answered: ClusterAnswered) -> Acceptance:
    """What an answer to the review that is neither a success nor a 401 says about the token."""
    if not answered.from_api_server or answered.upstream_status not in (403, 404):
        return Acceptance(None, answered.message, problem=answered)
    if answered.upstream_status == 403 and ANONYMOUS in answered.message:
        return _unread(answered)
    # 404: older than 1.28; 403: the review itself is not allowed. Either way the token was read and taken.
    return Acceptance(True, answered.message, problem=answered)


def _unread(problem: Problem | None = None) -> Acceptance:
    return Acceptance(
        False,
        f"The cluster takes you for {ANONYMOUS}: your token did not reach it. Whatever stands in front of its API "
        "server must pass on the Authorization header.",
        problem=problem,
    )


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
