"""Two questions to a cluster about whoever asks: whom it takes them for, and whether they may list and watch a kind.

Both are asked with the user's own token, and a plain yes is the only yes: whatever else is answered is a no, and
where there is no answer nothing is known.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from headlamp.live.errors import UNREADABLE
from headlamp.live.resources import Selection
from headlamp.live.viewer import Access
from headlamp.problems import Problem

T = TypeVar("T")

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_ANONYMOUS = "system:anonymous"
# The name of the token rather than of its user: each renewed token has another.
_CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"

BUILT_IN_GROUPS = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy"),
        *("admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "certificates.k8s.io"),
        *("coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io"),
        *("internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io"),
        *("resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io"),
    }
)
"""The groups that the API server itself serves, and prints without looking at who asks.

By name, since an ending tells nothing: metrics.k8s.io is aggregated, gateway.networking.k8s.io of custom resources. An
aggregated API may show each user other rows, or other cells, than the review of its verbs knows of; and what serves
a custom resource can be changed to that by whoever may change the cluster's APIs.
"""


class CannotTell(Exception):  # noqa: N818  # no error: it says how much is known
    """The cluster did not answer the question."""


@dataclass(frozen=True, slots=True)
class Right:
    """To list and to watch a kind in a namespace ("" for all of them, and for cluster-scoped kinds)."""

    group: str
    version: str
    plural: str
    namespace: str


def rights_for(selection: Selection) -> tuple[Right, ...]:
    """All that reading a selection takes: of all namespaces, also to know which there are."""
    group, version, plural = selection.group, selection.version, selection.plural
    if selection.namespaces is not None:
        return tuple(Right(group, version, plural, namespace) for namespace in selection.namespaces)
    everywhere = Right(group, version, plural, "")
    return (everywhere, Right("", "v1", "namespaces", "")) if selection.namespaced else (everywhere,)


class _UserInfo(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}


class _WhoStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo


class _Who(msgspec.Struct):
    status: _WhoStatus


class _AccessStatus(msgspec.Struct):
    allowed: bool
    denied: bool = False


class _Access(msgspec.Struct):
    status: _AccessStatus


async def whom(access: Access, *, within: float, gate: asyncio.Semaphore) -> str:
    """An opaque name of the user whom the cluster takes the asker for: name, groups and all else that it knows.

    Equal names are equal users to every authorizer. "" when the cluster does not say. Raises `CannotTell`, also when
    the token or the answer is not there after `within` seconds. Requests to the cluster go through `gate`.
    """
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    review = await _review(access, path, body, _Who, within, gate)
    if review is None or review.status.user_info.username in ("", _ANONYMOUS):
        return ""
    user = review.status.user_info
    extra = sorted((name, sorted(values)) for name, values in user.extra.items() if name != _CREDENTIAL_ID)
    told = msgspec.json.encode((user.username, user.uid, sorted(set(user.groups)), extra))
    return hashlib.sha256(told).hexdigest()


async def may_read(access: Access, right: Right, *, within: float, gate: asyncio.Semaphore) -> bool:
    """Whether the asker has both halves of a right. Raises `CannotTell`; `within` and `gate` are as for `whom`."""
    for verb in ("list", "watch"):
        attributes = {"verb": verb, "group": right.group, "version": right.version, "resource": right.plural}
        if right.namespace:
            attributes["namespace"] = right.namespace
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        review = await _review(access, path, body, _Access, within, gate)
        if review is None or review.status.denied or not review.status.allowed:
            return False
    return True


async def _review(
    access: Access, path: str, body: object, answer: type[T], within: float, gate: asyncio.Semaphore
) -> T | None:
    """Ask; None for a refusal of the question itself (401, 403 or 404). Raises `CannotTell`."""
    try:
        # Not behind the gate: one whose provider is slow keeps nobody else from asking.
        async with asyncio.timeout(within):
            bearer = await access.credential.current()
        if bearer is None:
            # The cluster's own credentials would answer, and everybody has the same.
            return None
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {bearer.token}",
        }
        payload = msgspec.json.encode(body)
        request = access.transport.request("POST", path, headers=headers, body=payload)
        async with gate, asyncio.timeout(within), request as response:
            status, raw = response.status, await response.read(_MAX_ANSWER_BYTES)
    except Problem as problem:
        if problem.status == 401:
            return None
        raise CannotTell from problem
    except TimeoutError as error:
        raise CannotTell from error
    if status in (401, 403, 404):
        return None
    if status not in (200, 201):
        raise CannotTell
    try:
        return msgspec.json.decode(raw, type=answer)
    except UNREADABLE as error:
        raise CannotTell from error
