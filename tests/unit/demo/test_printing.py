"""Durations and status words as kubectl prints them."""

from __future__ import annotations

from typing import Any

import pytest

from headlamp.demo.cluster.printing.cells import duration
from headlamp.demo.cluster.printing.pods import restarts_cell, status_word


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (3600 * 3 - 1, "179m"),
        (3600 * 3, "3h"),
        (3600 * 3 + 720, "3h12m"),
        (3600 * 8, "8h"),
        (3600 * 47, "47h"),
        (3600 * 48, "2d"),
        (3600 * 124, "5d4h"),
        (86400 * 8, "8d"),
        (86400 * 729, "729d"),
        (86400 * 730, "2y"),
        (86400 * 733, "2y3d"),
        (86400 * 365 * 9, "9y"),
    ],
)
def test_durations_have_fewer_units_the_longer_they_are(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def pod(*states: dict[str, Any], phase: str = "Running", **metadata: str) -> dict[str, Any]:
    statuses = [{"name": f"c{n}", "ready": "running" in state, "state": state} for n, state in enumerate(states)]
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "containerStatuses": statuses}}


@pytest.mark.parametrize(
    ("obj", "word"),
    [
        (pod({"running": {}}), "Running"),
        (pod({"waiting": {"reason": "CrashLoopBackOff"}}, {"running": {}}), "CrashLoopBackOff"),
        (pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), "OOMKilled"),
        (pod({"terminated": {"exitCode": 3}}), "ExitCode:3"),
        (pod({"terminated": {"exitCode": 0, "signal": 9}}), "Signal:9"),
        (pod({"terminated": {"reason": "Completed"}}, {"running": {}}), "NotReady"),
        (pod({"running": {}}, deletionTimestamp="2026-01-01T00:00:00Z"), "Terminating"),
        (pod({"terminated": {"reason": "Completed"}}, phase="Succeeded", deletionTimestamp="x"), "Completed"),
        (pod(phase="Pending"), "Pending"),
    ],
)
def test_a_pods_status_is_one_word(obj: dict[str, Any], word: str) -> None:
    assert status_word(obj) == word


def test_init_containers_come_before_everything_else() -> None:
    obj = pod({"waiting": {"reason": "PodInitializing"}}, phase="Pending")
    obj["spec"]["initContainers"] = [{"name": "a"}, {"name": "b"}]
    done = {"name": "a", "state": {"terminated": {"exitCode": 0}}}
    obj["status"]["initContainerStatuses"] = [done, {"name": "b", "state": {"running": {}}}]
    assert status_word(obj) == "Init:1/2"


def test_restarts_say_when_the_last_one_was() -> None:
    obj = pod({"running": {}})
    obj["status"]["containerStatuses"][0].update(
        restartCount=5, lastState={"terminated": {"finishedAt": "1970-01-01T00:01:40Z"}}
    )
    cell = restarts_cell(obj)
    assert not isinstance(cell, str | int)
    assert cell.printed(220) == "5 (2m ago)"
