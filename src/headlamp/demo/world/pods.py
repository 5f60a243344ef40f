"""A pod's life as changes of its object: made, scheduled, running, ended, waiting to be restarted."""

from __future__ import annotations

from headlamp.demo import timestamps
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind

OUT_OF_MEMORY = 137


def owner_reference(kind: Kind, obj: Json) -> Json:
    """How an object names the one that controls it."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def new_pod(template: Json, *, namespace: str, name: str, owner: Json, labels: dict[str, str] | None = None) -> Json:
    """A pod of a template, pending; the template's parts are shared, not copied."""
    metadata = template.get("metadata", {})
    annotations = metadata.get("annotations")
    return {
        "metadata": {
            "name": name,
            "generateName": f"{owner['name']}-",
            "namespace": namespace,
            "labels": {**metadata.get("labels", {}), **(labels or {})},
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [owner],
        },
        "spec": dict(template["spec"]),
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    }


def place(pod: Json, node: str, now: float) -> None:
    """Bind the pod to a node; its containers are not made yet."""
    pod["spec"] = {**pod["spec"], "nodeName": node}
    pod["status"].update(hostIP=node_address(node), startTime=timestamps.written(now))
    _set_conditions(pod, now, scheduled=True, initialized="initContainers" not in pod["spec"], ready=False)
    wait(pod, "PodInitializing" if "initContainers" in pod["spec"] else "ContainerCreating")


def refuse(pod: Json, message: str, now: float) -> None:
    """Say that no node takes the pod."""
    pod["status"]["conditions"] = [
        {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": timestamps.written(now),
            "reason": "Unschedulable",
            "message": message,
        }
    ]


def wait(pod: Json, reason: str, message: str = "") -> None:
    """All containers wait for something."""
    waiting = {"reason": reason, **({"message": message} if message else {})}
    pod["status"]["containerStatuses"] = [
        {**_status(container), "state": {"waiting": waiting}} for container in pod["spec"]["containers"]
    ]


def run(pod: Json, address: str, now: float, *, ready: bool = True) -> None:
    """All containers run. A pod whose container was restarted keeps the count and its last state."""
    before = {status["name"]: status for status in pod["status"].get("containerStatuses", [])}
    pod["status"]["phase"] = "Running"
    pod["status"].update(podIP=address, podIPs=[{"ip": address}])
    statuses = []
    for container in pod["spec"]["containers"]:
        known = before.get(container["name"], _status(container))
        if "running" in known.get("state", {}):
            statuses.append({**known, "ready": ready})
            continue
        ended = known.get("state", {}).get("terminated") or known.get("lastState", {}).get("terminated")
        statuses.append(
            {
                **_status(container),
                "containerID": f"containerd://{container_id(pod, container, known['restartCount'])}",
                "imageID": f"{container['image'].rpartition(':')[0]}@sha256:{container_id(pod, container, 0)}",
                "ready": ready,
                "started": True,
                "restartCount": known["restartCount"] + (1 if ended else 0),
                "state": {"running": {"startedAt": timestamps.written(now)}},
                "lastState": {"terminated": ended} if ended else {},
            }
        )
    pod["status"]["containerStatuses"] = statuses
    if "initContainers" in pod["spec"]:
        done = _ended("Completed", 0, now, now)
        pod["status"]["initContainerStatuses"] = [
            {**_status(container), "ready": True, "state": {"terminated": done}}
            for container in pod["spec"]["initContainers"]
        ]
    _set_conditions(pod, now, scheduled=True, initialized=True, ready=ready)


def end_first_container(pod: Json, reason: str, code: int, now: float) -> None:
    """The first container ends; the others go on."""
    first = pod["status"]["containerStatuses"][0]
    started = first["state"].get("running", {}).get("startedAt")
    first["state"] = {"terminated": _ended(reason, code, timestamps.read(started) if started else now, now)}
    first.update(ready=False, started=False)
    _set_conditions(pod, now, scheduled=True, initialized=True, ready=False)


def back_off(pod: Json, seconds: int) -> None:
    """The ended container waits for being started once more."""
    first = pod["status"]["containerStatuses"][0]
    name, pod_name = first["name"], pod["metadata"]["name"]
    message = f"back-off {seconds // 60}m{seconds % 60}s restarting failed container={name} pod={pod_name}"
    first["lastState"] = {"terminated": first["state"]["terminated"]}
    first["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}


def fail_init(pod: Json, restarts: int, now: float, *, backing_off: bool) -> None:
    """The first init container has failed, `restarts` times before."""
    ended = _ended("Error", 1, now - 4, now)
    first, *others = pod["spec"]["initContainers"]
    state: Json = {"terminated": ended}
    if backing_off:
        message = f"back-off restarting failed container={first['name']} pod={pod['metadata']['name']}"
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    pod["status"]["initContainerStatuses"] = [
        {
            **_status(first),
            "restartCount": restarts,
            "state": state,
            "lastState": {"terminated": ended} if backing_off else {},
        },
        *({**_status(other), "state": {"waiting": {"reason": "PodInitializing"}}} for other in others),
    ]


def finish(pod: Json, now: float, *, succeeded: bool) -> None:
    """All containers end for good."""
    for status in pod["status"]["containerStatuses"]:
        started = status["state"].get("running", {}).get("startedAt")
        begun = timestamps.read(started) if started else now
        reason, code = ("Completed", 0) if succeeded else ("Error", 1)
        status["state"] = {"terminated": _ended(reason, code, begun, now)}
        status.update(ready=False, started=False)
    pod["status"]["phase"] = "Succeeded" if succeeded else "Failed"
    _set_conditions(pod, now, scheduled=True, initialized=True, ready=False)


def node_address(node: str) -> str:
    """A node's address, from its number."""
    number = int(node.rpartition("-")[2])
    return f"10.20.{number // 250}.{number % 250 + 4}"


def container_id(pod: Json, container: Json, run_number: int) -> str:
    """64 hexadecimal digits that are the same each time."""
    digits = pod["metadata"].get("uid", "").replace("-", "")
    return f"{digits}{digits[::-1]}"[: 62 - len(str(run_number))].ljust(64 - len(str(run_number)), "0") + str(
        run_number
    )


def _status(container: Json) -> Json:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": {},
        "lastState": {},
    }


def _ended(reason: str, code: int, started: float, now: float) -> Json:
    return {
        "exitCode": code,
        "reason": reason,
        "startedAt": timestamps.written(started),
        "finishedAt": timestamps.written(now),
    }


def _set_conditions(pod: Json, now: float, *, scheduled: bool, initialized: bool, ready: bool) -> None:
    before = {condition["type"]: condition for condition in pod["status"].get("conditions", [])}
    wanted = (
        ("PodReadyToStartContainers", scheduled),
        ("Initialized", initialized),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", scheduled),
    )
    conditions = []
    for kind, holds in wanted:
        text = "True" if holds else "False"
        known = before.get(kind)
        if known is not None and known["status"] == text:
            conditions.append(known)
            continue
        moment = timestamps.written(now)
        conditions.append({"type": kind, "status": text, "lastProbeTime": None, "lastTransitionTime": moment})
    pod["status"]["conditions"] = conditions
