"""kwok plays the kubelets: pods become Running, have a log, run commands for real and forward ports."""

from __future__ import annotations

import datetime
import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from tests.real.stack.apiserver import ApiServer
from tests.real.stack.pki import Pair
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0
NOBODY = 65534


class PodLog:
    """The one log that every container of every pod has, in the format of container runtimes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # A log that is followed is not even answered before its first line.
        self.say("the container started")

    def say(self, text: str) -> None:
        """A container writes a line."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        with self.path.open("a") as file:
            file.write(f"{now} stdout F {text}\n")


def start_kwok(place: Workplace, binary: Path, stages: Path, api: ApiServer, user: Pair, port: int) -> Program:
    """Start kwok for all nodes. It also answers, with "ok" at /healthz, whoever forwards any port of any pod."""
    serving = api.identity.pki.server("kwok-server")
    options = {
        "manageAllNodes": True,
        "nodeIP": "127.0.0.1",
        "nodePort": port,
        # Otherwise it listens on all interfaces, and it runs commands.
        "serverAddress": f"127.0.0.1:{port}",
        "tlsCertFile": str(serving.cert),
        "tlsPrivateKeyFile": str(serving.key),
        "cidr": "10.128.0.0/9",
        "nodeLeaseDurationSeconds": 40,
        # These two are not optional: it ends without the first, and has neither logs nor exec without the second.
        "nodeLeaseParallelism": 4,
        "enableDebuggingHandlers": True,
        "podPlayStageParallelism": 16,
        "nodePlayStageParallelism": 4,
    }
    documents: list[dict[str, Any]] = [
        {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options},
        _for_all_pods("ClusterLogs", "logs", {"logsFile": str(pod_log_path(place)), "follow": True}),
        _for_all_pods("ClusterExec", "execs", {"local": _local_commands()}),
        _for_all_pods("ClusterPortForward", "forwards", {"target": {"address": "127.0.0.1", "port": port}}),
    ]
    # Nothing happens to nodes and pods but what the stages say, and none is built in.
    texts = [json.dumps(document) for document in documents]
    texts += [stage.read_text() for stage in sorted(stages.glob("*.yaml"))]
    config = place.write("kwok/config.yaml", "\n---\n".join(texts))
    program = place.start("kwok", [binary, f"--kubeconfig={api.kubeconfig(user)}", f"--config={config}"])
    program.wait_until(lambda: _healthy(port), within=READY_WITHIN_S)
    return program


def pod_log_path(place: Workplace) -> Path:
    """Where the containers' log is."""
    return place.folder / "pod.log"


def _for_all_pods(kind: str, field: str, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "all"},
        "spec": {field: [what]},
    }


def _local_commands() -> dict[str, Any]:
    """How commands run: on this machine, as nobody in particular where this user may become somebody else."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TERM": "xterm-256color"}
    commands: dict[str, Any] = {
        "workDir": "/tmp",
        "envs": [{"name": name, "value": value} for name, value in env.items()],
    }
    if os.geteuid() == 0:
        commands["securityContext"] = {"runAsUser": NOBODY, "runAsGroup": NOBODY}
    return commands


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
