"""Kubeconfigs: JSON is YAML, so nothing needs quoting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.real.stack.pki import Pair


def kubeconfig(servers: Mapping[str, str], ca: Path, user: Pair | None = None) -> str:
    """The text of a kubeconfig with one context for each of `servers` (name to URL), the first one current."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": next(iter(servers)),
            "contexts": [
                {"name": name, "context": {"cluster": name} | ({"user": "user"} if user is not None else {})}
                for name in servers
            ],
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority": str(ca)}}
                for name, server in servers.items()
            ],
            "users": []
            if user is None
            else [{"name": "user", "user": {"client-certificate": str(user.cert), "client-key": str(user.key)}}],
        },
        indent=1,
    )
