"""The kubeconfig of the demo: one cluster, its authority, and nobody's credentials."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml

CLUSTER_NAME = "demo"


def write_kubeconfig(path: Path, *, server: str, ca_pem: str) -> None:
    """Write the file, for its owner only."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CLUSTER_NAME,
        "clusters": [
            {
                "name": CLUSTER_NAME,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(ca_pem.encode()).decode(),
                },
            }
        ],
        "users": [{"name": CLUSTER_NAME, "user": {}}],
        "contexts": [{"name": CLUSTER_NAME, "context": {"cluster": CLUSTER_NAME, "user": CLUSTER_NAME}}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False))
