"""Cluster names as they stand in URLs."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\%?#]")


def url_name(context_name: str) -> str:
    """The name of a context in a URL: `/` becomes `--` and a space `__`, as Headlamp's users have it in bookmarks.

    What could be taken for something else in a path (`..`, `%`, `\\`, `?`, `#`, control characters) becomes `_`.
    """
    name = _UNSAFE.sub("_", context_name.replace("/", "--").replace(" ", "__"))
    return name.replace(".", "_") if name in {".", ".."} else name
