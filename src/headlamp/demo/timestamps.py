"""Points in time as Kubernetes writes them (RFC 3339, UTC) and as seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def written(at: float) -> str:
    """`2026-11-24T13:16:43Z`."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written_exactly(at: float) -> str:
    """`2026-11-24T13:16:43.123456789Z`, as container runtimes stamp log lines."""
    fraction = int((at % 1) * 1_000_000_000)
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def read(text: str) -> float:
    """Seconds since the epoch. Raises `ValueError` when the text is no timestamp."""
    return datetime.fromisoformat(text).timestamp()
