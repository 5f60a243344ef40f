"""Kubeconfigs: JSON is YAML, so nothing needs quoting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.real.stack.pki import Pair


def kubeconfig_with_users(
    contexts: Mapping[str, tuple[str, str]],
    users: Mapping[str, Mapping[str, Any]],
    ca: Path,
    *,
    extensions: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """The text of a kubeconfig whose `contexts` (name to URL and user) have users of their own.

    `extensions` are what contexts say to the product, by the context's name.
    """
    added = extensions or {}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "contexts": [
                {
                    "name": name,
                    "context": {
                        "cluster": name,
                        "user": user,
                        "extensions": [{"name": "pyheadlamp", "extension": added[name]}] if name in added else [],
                    },
                }
                for name, (_, user) in contexts.items()
            ],
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority": str(ca)}}
                for name, (server, _) in contexts.items()
            ],
            "users": [{"name": name, "user": user} for name, user in users.items()],
        },
        indent=1,
    )


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
