"""Pod logs: of which container and run, from where on, and following it while it is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from headlamp.demo import timestamps
from headlamp.demo.cluster import kinds, status
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.status import ApiError
from headlamp.demo.cluster.store import Store
from headlamp.demo.cluster.targets import truthy

_LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container, from start to end; `ended` is None while it goes on."""

    pod: str
    namespace: str
    app: str
    uid: str
    container: str
    image: str
    number: int
    started: float
    ended: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log, and when it was written."""

    at: float
    text: str


class Scribe(Protocol):
    """Knows what containers write."""

    def lines(self, run: Run, after: float, until: float) -> list[Line]:
        """What was written after `after`, up to and including `until`."""
        ...


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What a request for a log asks for."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: float | None = None
    limit_bytes: int | None = None


def read_options(query: Mapping[str, str], now: float) -> LogOptions:
    """Read a log request's query. Raises the API's 400 and 422."""
    since = None
    if seconds := _number(query, "sinceSeconds"):
        since = now - seconds
    elif query.get("sinceTime"):
        try:
            since = timestamps.read(query["sinceTime"])
        except ValueError as error:
            raise status.bad_request(f"invalid sinceTime: {query['sinceTime']!r}") from error
    return LogOptions(
        container=query.get("container", ""),
        follow=truthy(query.get("follow", "")),
        previous=truthy(query.get("previous", "")),
        timestamps=truthy(query.get("timestamps", "")),
        tail=_number(query, "tailLines"),
        since=since,
        limit_bytes=_number(query, "limitBytes"),
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        problem = f"Invalid value: {text}: must be greater than or equal to 0"
        raise status.invalid("PodLogOptions", "", "", name, problem)
    return int(text)


class PodLogs:
    """Reads logs of pods that are in the store, as a scribe writes them."""

    def __init__(self, store: Store, scribe: Scribe, *, now: Callable[[], float]) -> None:
        self._store = store
        self._scribe = scribe
        self._now = now

    def open(self, namespace: str, name: str, options: LogOptions) -> AsyncGenerator[bytes, None]:
        """The log as it comes, in pieces of whole lines. Raises the API's 400 and 404 before anything comes."""
        run = self._run(namespace, name, options)
        return _limited(self._pieces(namespace, name, run, options), options.limit_bytes)

    def _run(self, namespace: str, name: str, options: LogOptions) -> Run:
        pod = self._store.require(kinds.PODS, namespace, name).load()
        return find_run(pod, options.container, previous=options.previous)

    async def _pieces(self, namespace: str, name: str, run: Run, options: LogOptions) -> AsyncGenerator[bytes, None]:
        seen = self._now() if run.ended is None else run.ended
        lines = self._scribe.lines(run, options.since or 0, seen)
        if options.tail is not None:
            lines = lines[-options.tail :] if options.tail else []
        if lines:
            yield _written(lines, options)
        while options.follow and run.ended is None:
            await asyncio.sleep(_LOOK_EVERY)
            run = self._later(namespace, name, run)
            until = self._now() if run.ended is None else run.ended
            lines = self._scribe.lines(run, seen, until)
            seen = max(seen, until)
            if lines:
                yield _written(lines, options)

    def _later(self, namespace: str, name: str, run: Run) -> Run:
        """The same run as it is now; one that is no longer the container's current run has ended."""
        stored = self._store.get(kinds.PODS, namespace, name)
        if stored is not None and stored.uid == run.uid:
            try:
                current = find_run(stored.load(), run.container, previous=False)
            except ApiError:
                current = None
            if current is not None and current.started == run.started:
                return current
        return replace(run, ended=self._now())


def find_run(pod: Json, container: str, *, previous: bool) -> Run:
    """The run of a container that a log is wanted of. Raises the API's 400."""
    name = pod["metadata"]["name"]
    spec = _container(pod, container)
    statuses = [
        *(dig(pod, "status", "containerStatuses") or []),
        *(dig(pod, "status", "initContainerStatuses") or []),
    ]
    state: Json = next((one for one in statuses if one["name"] == spec["name"]), {})
    number = state.get("restartCount", 0)
    last = dig(state, "lastState", "terminated")
    if previous:
        if last is None:
            raise status.bad_request(f'previous terminated container "{spec["name"]}" in pod "{name}" not found')
        return _as_run(pod, spec, number - 1, last)
    running, ended = dig(state, "state", "running"), dig(state, "state", "terminated")
    if running or ended:
        return _as_run(pod, spec, number, running or ended)
    if last:
        return _as_run(pod, spec, number - 1, last)
    reason = dig(state, "state", "waiting", "reason") or "ContainerCreating"
    raise status.bad_request(f'container "{spec["name"]}" in pod "{name}" is waiting to start: {reason}')


def _container(pod: Json, wanted: str) -> Json:
    name = pod["metadata"]["name"]
    regular: list[Json] = dig(pod, "spec", "containers") or []
    containers: list[Json] = [*regular, *(dig(pod, "spec", "initContainers") or [])]
    if not wanted:
        if len(regular) != 1:
            choices = " ".join(container["name"] for container in regular)
            raise status.bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
        return regular[0]
    for container in containers:
        if container["name"] == wanted:
            return container
    raise status.bad_request(f"container {wanted} is not valid for pod {name}")


def _as_run(pod: Json, container: Json, number: int, state: Json) -> Run:
    metadata = pod["metadata"]
    finished = state.get("finishedAt")
    return Run(
        pod=metadata["name"],
        namespace=metadata["namespace"],
        app=(metadata.get("labels") or {}).get("app.kubernetes.io/name", metadata["name"]),
        uid=metadata["uid"],
        container=container["name"],
        image=container.get("image", ""),
        number=number,
        started=timestamps.read(state["startedAt"]),
        ended=timestamps.read(finished) if finished else None,
        reason=state.get("reason", ""),
    )


def _written(lines: list[Line], options: LogOptions) -> bytes:
    if options.timestamps:
        return "".join(f"{timestamps.written_exactly(line.at)} {line.text}\n" for line in lines).encode()
    return "".join(f"{line.text}\n" for line in lines).encode()


async def _limited(pieces: AsyncGenerator[bytes, None], limit: int | None) -> AsyncGenerator[bytes, None]:
    left = limit
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if left is None:
                yield piece
                continue
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return
