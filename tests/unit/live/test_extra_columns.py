from __future__ import annotations

import json
from typing import Any

import pytest

from headlamp.live.extra.cells import ContainerState, ExtraCell, Owner, Quantity, Restart, Usage
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen
from headlamp.live.extra.quantities import text_of, value_of
from headlamp.live.extra.registry import EXTRA_COLUMNS, extra_column
from headlamp.live.resources import Selection

PODS = Selection("", "v1", "pods", namespaced=True)
SECRETS = Selection("", "v1", "secrets", namespaced=True)
DEPLOYMENTS = Selection("apps", "v1", "deployments", namespaced=True)


def cell(extra_id: str, made: Any, kind: Selection = PODS) -> ExtraCell:
    return extra_column(extra_id, kind).of(Seen(made if isinstance(made, bytes) else json.dumps(made).encode()))


def container(name: str = "app", **parts: Any) -> dict[str, Any]:
    return {"name": name} | parts


def resources(**amounts: dict[str, str]) -> dict[str, Any]:
    return {"resources": amounts}


def test_a_label_and_an_annotation_are_shown_by_their_keys() -> None:
    made = {"metadata": {"labels": {"app": "cart"}, "annotations": {"example.com/team:x": "blue"}}}
    assert cell("label:app", made) == "cart"
    assert cell("annotation:example.com/team:x", made) == "blue"
    assert cell("label:other", made) is None
    assert cell("label:app", {"metadata": {"labels": None}}) is None


def test_a_long_text_is_cut() -> None:
    made = {"metadata": {"annotations": {"a": "x" * 200_000}}}
    text = cell("annotation:a", made)
    assert isinstance(text, str)
    assert (len(text), text[-1]) == (1024, "…")


def test_the_owner_is_the_controller() -> None:
    one = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
    two = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-7d", "controller": True}
    assert cell("owner", {"metadata": {"ownerReferences": [one, two]}}) == Owner("apps/v1", "ReplicaSet", "cart-7d")
    assert cell("owner", {"metadata": {"ownerReferences": [one]}}) == Owner("v1", "Node", "n1")
    assert cell("owner", {"metadata": {}}) is None


def test_containers_come_in_the_order_of_the_spec_with_their_states() -> None:
    made = {
        "spec": {"initContainers": [container("init")], "containers": [container("a"), container("b"), container("c")]},
        "status": {
            "initContainerStatuses": [
                {"name": "init", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
            ],
            "containerStatuses": [
                {"name": "b", "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
                {"name": "a", "ready": True, "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}},
            ],
        },
    }
    assert cell("containers", made) == [
        ContainerState("init", "terminated", reason="Completed", exit_code=0, init=True),
        ContainerState("a", "running", ready=True),
        ContainerState("b", "waiting", restarts=5, reason="CrashLoopBackOff"),
        ContainerState("c", ""),
    ]


def test_no_more_than_thirty_containers_are_shown() -> None:
    made = {"spec": {"containers": [container(f"c{number}") for number in range(500)]}}
    states = cell("containers", made)
    assert isinstance(states, list)
    assert len(states) == 30


def test_the_last_restart_is_that_of_the_container_that_ended_last() -> None:
    def ended(name: str, at: str | None, code: int) -> dict[str, Any]:
        terminated = {"exitCode": code, "reason": "OOMKilled" if code == 137 else "Error", "finishedAt": at}
        return {"name": name, "lastState": {"terminated": terminated}}

    statuses = [ended("a", "2026-01-01T00:00:00Z", 1), ended("b", "2026-01-01T00:00:09Z", 137), {"name": "c"}]
    assert cell("last-restart", {"status": {"containerStatuses": statuses}}) == Restart(
        "b", "OOMKilled", 137, 1767225609.0
    )
    assert cell("last-restart", {"status": {"containerStatuses": [ended("a", None, 2)]}}) == Restart(
        "a", "Error", 2, None
    )
    assert cell("last-restart", {"status": {"containerStatuses": [{"name": "c", "lastState": {}}]}}) is None
    assert cell("last-restart", {}) is None


def test_requests_are_those_of_the_pod_as_a_whole() -> None:
    spec = {
        "containers": [resources(requests={"cpu": "250m", "memory": "64Mi"}), resources(requests={"cpu": "0.25"})],
        "initContainers": [
            resources(requests={"cpu": "100m"}) | {"restartPolicy": "Always"},
            resources(requests={"cpu": "900m"}),
        ],
    }
    # The init container runs beside the sidecar that was started before it: 900m + 100m, and that is the most.
    assert cell("requests:cpu", {"spec": spec}) == Quantity(1.0, "1")
    assert cell("requests:memory", {"spec": spec}) == Quantity(64 * 2.0**20, "64Mi")
    assert cell("requests:cpu", {"spec": spec | {"overhead": {"cpu": "10m"}}}) == Quantity(1.01, "1010m")
    assert cell("requests:cpu", {"spec": spec | resources(requests={"cpu": "3"})}) == Quantity(3.0, "3")
    assert cell("requests:nvidia.com/gpu", {"spec": spec}) is None
    assert cell("limits:cpu", {"spec": spec}) is None


def test_usage_is_measured_against_a_limit_only_when_every_container_has_one() -> None:
    limited = resources(requests={"cpu": "100m"}, limits={"cpu": "500m"})
    assert cell("usage:cpu", {"spec": {"containers": [limited, limited]}}) == Usage(None, "", 0.2, 1.0)
    assert cell("usage:cpu", {"spec": {"containers": [limited, container("free")]}}) == Usage(None, "", 0.1, None)
    assert cell("limits:cpu", {"spec": {"containers": [limited, container("free")]}}) == Quantity(0.5, "500m")


@pytest.mark.parametrize(
    ("text", "value"),
    [("250m", 0.25), ("1", 1.0), ("1.5Gi", 1.5 * 2**30), ("12e3", 12000.0), ("5E", 5e18), ("100n", 1e-7), ("-2", -2.0)],
)
def test_a_quantity_is_read_as_kubernetes_means_it(text: str, value: float) -> None:
    assert value_of(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "m", "1x", "1e999", "9" * 400, "1" * 65, "nan", "inf", "1 Gi", "٣", None, True])
def test_what_is_no_quantity_has_no_value(text: Any) -> None:
    assert value_of(text) is None


def test_quantities_are_written_in_units_that_people_read() -> None:
    assert [text_of(value, "cpu") for value in (0.0, 0.0004, 0.25, 1.5, 2.0)] == ["0", "0", "250m", "1500m", "2"]
    written = [text_of(value, "memory") for value in (0.0, 1023.0, 2.0**20, 1.5 * 2**30, 130.5 * 2**20)]
    assert written == ["0", "1023", "1Mi", "1.5Gi", "130Mi"]
    assert text_of(3.0, "nvidia.com/gpu") == "3"


ODD = [
    b"{}",
    b"[]",
    b"null",
    b'{"metadata": 5, "spec": "x", "status": []}',
    b'{"metadata": {"labels": {"app": 5}, "annotations": [], "ownerReferences": {}}, "spec": {"containers": 7}}',
    b'{"metadata": {"ownerReferences": [{"kind": 1}]}, "spec": {"containers": [{"name": null}]}}',
    b'{"metadata": {}, "spec": {}, "status": {"containerStatuses": [{"name": "a", "lastState": {"terminated": "x"}}]}}',
    b'{"status": {"containerStatuses": [{"name": "a", "lastState": {"terminated": {"finishedAt": "?"}}}]}}',
    b'{"metadata": {}, "spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": ["1"]}}}]}}',
    b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"not JSON",
    b'{"metadata": {"labels": {"app": "\xff"}}}',
]


@pytest.mark.parametrize("raw", ODD)
@pytest.mark.parametrize(
    "extra_id",
    [
        "label:app",
        "annotation:a",
        "jsonpath:{.metadata}",
        "containers",
        "requests:cpu",
        "limits:cpu",
        "usage:cpu",
        "last-restart",
        "owner",
    ],
)
def test_an_object_of_an_odd_form_has_a_cell_or_none_and_nothing_breaks(raw: bytes, extra_id: str) -> None:
    made = extra_column(extra_id, PODS).of(Seen(raw))
    assert len(json.dumps(made, default=str)) < 2100


def test_every_column_is_found_by_its_name() -> None:
    needs = {"label": "a", "annotation": "a", "jsonpath": "{.a}", "requests": "cpu", "limits": "cpu", "usage": "cpu"}
    for name in EXTRA_COLUMNS:
        argument = needs.get(name)
        assert isinstance(extra_column(f"{name}:{argument}" if argument else name, PODS), ExtraColumn)


@pytest.mark.parametrize(
    ("extra_id", "kind", "said"),
    [
        ("colour", PODS, "no column"),
        ("label:", PODS, "Name the label"),
        ("label", PODS, "Name the label"),
        ("annotation:", PODS, "Name the annotation"),
        ("containers:x", PODS, "no variants"),
        ("owner:x", PODS, "no variants"),
        ("requests", PODS, "requests:cpu"),
        ("limits", PODS, "limits:cpu"),
        ("usage:disk", PODS, "cpu and memory"),
        ("containers", DEPLOYMENTS, "Only pods"),
        ("requests:cpu", DEPLOYMENTS, "Only pods"),
        ("usage:cpu", SECRETS, "Only pods"),
        ("last-restart", DEPLOYMENTS, "Only pods"),
        ("jsonpath:", PODS, "empty"),
        ("annotation:kubectl.kubernetes.io/last-applied-configuration", DEPLOYMENTS, "never carry"),
    ],
)
def test_a_column_that_makes_no_sense_is_refused_in_words(extra_id: str, kind: Selection, said: str) -> None:
    with pytest.raises(BadExtra, match=said):
        extra_column(extra_id, kind)
