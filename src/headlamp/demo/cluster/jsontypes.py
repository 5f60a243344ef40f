"""The type of decoded Kubernetes objects, and walking through them."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


def dig(value: Any, *path: str) -> Any:
    """What stands at the path, or None as soon as a part of it is missing or no object."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
