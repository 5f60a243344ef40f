"""The column `containers`: what each container of a pod is doing, from its statuses."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from headlamp.live.extra.cells import ContainerState
from headlamp.live.extra.column import ExtraColumn, Seen, no_argument, only_pods
from headlamp.live.resources import Selection

MOST_CONTAINERS = 30
_LONGEST_NAME = 63
_LONGEST_REASON = 100


class _Waiting(Struct, gc=False):
    reason: str | None = None


class _Terminated(Struct, rename="camel", gc=False):
    reason: str | None = None
    exit_code: int = 0


class _State(Struct, gc=False):
    running: dict[str, str | None] | None = None
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _Status(Struct, rename="camel", gc=False):
    name: str
    ready: bool = False
    restart_count: int = 0
    state: _State | None = None


class _Container(Struct, gc=False):
    name: str


class _Spec(Struct, rename="camel", gc=False):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None


class _Statuses(Struct, rename="camel", gc=False):
    container_statuses: list[_Status] | None = None
    init_container_statuses: list[_Status] | None = None


class _Pod(Struct, gc=False):
    spec: _Spec
    status: _Statuses | None = None


def containers_column(argument: str, kind: Selection) -> ExtraColumn:
    """The column of containers: those that start first at the front, at most `MOST_CONTAINERS` of them."""
    only_pods(kind, "containers")
    no_argument(argument, "containers")
    return ExtraColumn("Containers", "containers", _containers)


def _containers(seen: Seen) -> list[ContainerState]:
    pod = seen.of(_Pod)
    status = pod.status or _Statuses()
    return [
        *_states(pod.spec.init_containers, status.init_container_statuses, init=True),
        *_states(pod.spec.containers, status.container_statuses, init=False),
    ][:MOST_CONTAINERS]


def _states(declared: list[_Container] | None, statuses: list[_Status] | None, *, init: bool) -> list[ContainerState]:
    """In the order of the spec: statuses come in an order of their own, and late."""
    known = {status.name: status for status in statuses or ()}
    return [_state(container.name, known.get(container.name), init=init) for container in declared or ()]


def _state(name: str, status: _Status | None, *, init: bool) -> ContainerState:
    name = name[:_LONGEST_NAME]
    if status is None or status.state is None:
        return ContainerState(name, "", init=init)
    state = status.state
    reason: str | None = None
    code: int | UnsetType = UNSET
    if state.terminated is not None:
        word, reason, code = "terminated", state.terminated.reason, state.terminated.exit_code
    elif state.running is not None:
        word = "running"
    else:
        # The API server says nothing of a container that waits for the first time.
        word, reason = "waiting", state.waiting.reason if state.waiting else None
    return ContainerState(
        name, word, status.ready, status.restart_count, (reason or "")[:_LONGEST_REASON], exit_code=code, init=init
    )
