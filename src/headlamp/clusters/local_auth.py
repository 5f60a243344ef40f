"""The `Authorization` header that a kubeconfig's own user speaks with (the laptop case only)."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from headlamp.clusters.cluster import LocalCredentials

_MAX_TOKEN_FILE = 1024 * 1024


async def local_authorization(credentials: LocalCredentials) -> str | None:
    """The header's value; None when a client certificate, or nothing, speaks.

    A token file is read anew each time, since whoever wrote it replaces it before the token ends. The order is
    kubectl's: token file before token before user name. Raises `OSError` when the file can't be read.
    """
    token = credentials.token
    if credentials.token_file:
        token = await asyncio.to_thread(_read_token, Path(credentials.token_file))
    if token:
        return f"Bearer {token}"
    if credentials.username:
        pair = f"{credentials.username}:{credentials.password or ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return None


def _read_token(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MAX_TOKEN_FILE).decode("ascii", errors="ignore").strip()
