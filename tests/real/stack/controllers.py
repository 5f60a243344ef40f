"""kube-controller-manager and kube-scheduler."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path

from tests.real.stack.apiserver import SERVICES, ApiServer
from tests.real.stack.pki import Pair
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0


def start_controller_manager(place: Workplace, binary: Path, api: ApiServer, user: Pair, port: int) -> Program:
    """Start what makes service accounts, replica sets and pods, and removes what belongs to something removed."""
    keys = api.identity
    config = api.kubeconfig(user)
    program = place.start(
        "kube-controller-manager",
        [
            binary,
            *_common(config, port, place.folder / "kube-controller-manager"),
            f"--kubeconfig={config}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={keys.service_accounts.key}",
            f"--root-ca-file={keys.pki.ca}",
            "--allocate-node-cidrs=true",
            # With the default of /24 a node would have addresses for 254 pods.
            "--cluster-cidr=10.128.0.0/9",
            "--node-cidr-mask-size=20",
            f"--service-cluster-ip-range={SERVICES}",
            # On a machine that stood still for a minute nodes would be given up, and come back without their addresses.
            "--node-monitor-grace-period=1h",
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
        ],
    )
    program.wait_until(lambda: _healthy(port), within=READY_WITHIN_S)
    return program


def start_scheduler(place: Workplace, binary: Path, api: ApiServer, user: Pair, port: int) -> Program:
    """Start what gives pods their nodes."""
    kubeconfig = api.kubeconfig(user)
    config = place.write(
        "kube-scheduler/config.json",
        json.dumps(
            {
                "apiVersion": "kubescheduler.config.k8s.io/v1",
                "kind": "KubeSchedulerConfiguration",
                "leaderElection": {"leaderElect": False},
                "clientConnection": {"kubeconfig": str(kubeconfig), "qps": 1000, "burst": 2000},
            }
        ),
    )
    program = place.start(
        "kube-scheduler",
        [binary, *_common(kubeconfig, port, place.folder / "kube-scheduler"), f"--config={config}"],
    )
    program.wait_until(lambda: _healthy(port), within=READY_WITHIN_S)
    return program


def _common(kubeconfig: Path, port: int, certificates: Path) -> list[str]:
    return [
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={certificates}",
    ]


def _healthy(port: int) -> bool:
    """They serve with certificates that they sign themselves, and only their being there is of interest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
