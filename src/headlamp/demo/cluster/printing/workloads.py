"""Rows of the kinds in `apps`."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    SELECTOR,
    Cell,
    Column,
    Printer,
    age,
    labels,
    name,
    selector,
    template_cells,
)


def _count(obj: Json, *path: str) -> int:
    return int(dig(obj, *path) or 0)


def _deployment(obj: Json) -> tuple[Cell, ...]:
    return (
        name(obj),
        f"{_count(obj, 'status', 'readyReplicas')}/{_count(obj, 'spec', 'replicas')}",
        _count(obj, "status", "updatedReplicas"),
        _count(obj, "status", "availableReplicas"),
        age(obj),
        *template_cells(obj),
        selector(dig(obj, "spec", "selector")),
    )


def _replica_set(obj: Json) -> tuple[Cell, ...]:
    return (
        name(obj),
        _count(obj, "spec", "replicas"),
        _count(obj, "status", "replicas"),
        _count(obj, "status", "readyReplicas"),
        age(obj),
        *template_cells(obj),
        selector(dig(obj, "spec", "selector")),
    )


def _stateful_set(obj: Json) -> tuple[Cell, ...]:
    ready = f"{_count(obj, 'status', 'readyReplicas')}/{_count(obj, 'spec', 'replicas')}"
    return (name(obj), ready, age(obj), *template_cells(obj))


def _daemon_set(obj: Json) -> tuple[Cell, ...]:
    return (
        name(obj),
        _count(obj, "status", "desiredNumberScheduled"),
        _count(obj, "status", "currentNumberScheduled"),
        _count(obj, "status", "numberReady"),
        _count(obj, "status", "updatedNumberScheduled"),
        _count(obj, "status", "numberAvailable"),
        labels(dig(obj, "spec", "template", "spec", "nodeSelector")),
        age(obj),
        *template_cells(obj),
        selector(dig(obj, "spec", "selector")),
    )


_READY_OF_DESIRED = Column("Ready", "Ready pods of the desired number.")

DEPLOYMENT = Printer(
    (
        NAME,
        _READY_OF_DESIRED,
        Column("Up-to-date", "Pods that have the current template."),
        Column("Available", "Pods that have been ready for long enough."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    _deployment,
)
REPLICA_SET = Printer(
    (
        NAME,
        Column("Desired", "How many pods there should be.", type="integer"),
        Column("Current", "How many pods there are.", type="integer"),
        Column("Ready", "How many pods are ready.", type="integer"),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    _replica_set,
)
STATEFUL_SET = Printer((NAME, _READY_OF_DESIRED, AGE, CONTAINERS, IMAGES), _stateful_set)
DAEMON_SET = Printer(
    (
        NAME,
        Column("Desired", "How many nodes should run a pod.", type="integer"),
        Column("Current", "How many nodes run a pod.", type="integer"),
        Column("Ready", "How many nodes run a pod that is ready.", type="integer"),
        Column("Up-to-date", "How many nodes run a pod of the current template.", type="integer"),
        Column("Available", "How many nodes run a pod that has been ready for long enough.", type="integer"),
        Column("Node Selector", "Labels that a node must have in order to run a pod."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    _daemon_set,
)
