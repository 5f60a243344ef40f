"""Rows of pods: readiness, the one word that says how a pod is, restarts."""

from __future__ import annotations

from headlamp.demo import timestamps
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import AGE, NAME, NONE, Ago, Cell, Column, Printer, age, listed, name

_FINAL = ("Succeeded", "Failed")


def status_word(pod: Json) -> str:
    """What kubectl prints as a pod's status.

    The phase, replaced by the reason of the container that holds the pod up: an init container that has not done its
    work, else the first regular container with a reason of its own. A pod under deletion is `Terminating`.
    """
    status = pod.get("status", {})
    word: str = status.get("reason") or status.get("phase") or "Unknown"
    held_up = _init_word(pod)
    word = held_up or _container_word(status, word)
    if dig(pod, "metadata", "deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in _FINAL:
            return "Terminating"
    return word


def _init_word(pod: Json) -> str:
    total = len(dig(pod, "spec", "initContainers") or [])
    for position, container in enumerate(dig(pod, "status", "initContainerStatuses") or []):
        state = container.get("state", {})
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended is not None:
            if ended.get("exitCode") == 0:
                continue
            return f"Init:{_end_word(ended)}"
        if waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{position}/{total}"
    return ""


def _container_word(status: Json, word: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state", {})
        waiting, ended = state.get("waiting"), state.get("terminated")
        if waiting and waiting.get("reason"):
            word = waiting["reason"]
        elif ended is not None:
            word = _end_word(ended)
        elif container.get("ready") and state.get("running") is not None:
            running = True
    if word == "Completed" and running:
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])
        return "Running" if ready else "NotReady"
    return word


def _end_word(ended: Json) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    if ended.get("signal"):
        return f"Signal:{ended['signal']}"
    return f"ExitCode:{ended.get('exitCode', 0)}"


def restarts_cell(pod: Json) -> Cell:
    """`5`, or `5 (2m ago)` when it is known when the last container ended."""
    count, last = 0, 0.0
    for container in dig(pod, "status", "containerStatuses") or []:
        count += container.get("restartCount", 0)
        finished = dig(container, "lastState", "terminated", "finishedAt")
        if finished:
            last = max(last, timestamps.read(finished))
    if not count or not last:
        return str(count)
    return Ago(last, before=f"{count} (", after=" ago)")


def _cells(pod: Json) -> tuple[Cell, ...]:
    spec, status = pod.get("spec", {}), pod.get("status", {})
    statuses = status.get("containerStatuses") or []
    ready = sum(1 for c in statuses if c.get("ready") and dig(c, "state", "running") is not None)
    return (
        name(pod),
        f"{ready}/{len(spec.get('containers') or [])}",
        status_word(pod),
        restarts_cell(pod),
        age(pod),
        listed(address["ip"] for address in (status.get("podIPs") or [])[:1]),
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        NONE,
    )


PRINTER = Printer(
    (
        NAME,
        Column("Ready", "How many of the pod's containers are ready."),
        Column("Status", "How the pod's containers are, in one word."),
        Column("Restarts", "How often containers of the pod were restarted, and how long ago the last one ended."),
        AGE,
        Column("IP", "The pod's address.", wide=True),
        Column("Node", "The node that the pod runs on.", wide=True),
        Column("Nominated Node", "The node that is being made free for the pod.", wide=True),
        Column("Readiness Gates", "Further conditions for the pod to be ready.", wide=True),
    ),
    _cells,
)
