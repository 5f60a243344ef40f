"""The name that we give ourselves towards API servers."""

from __future__ import annotations

from importlib import metadata


def user_agent() -> str:
    """`pyheadlamp/<version>`.

    Never a browser's own: for those an API server indents its JSON, at twice the bytes and many times the time.
    """
    try:
        return f"pyheadlamp/{metadata.version('pyheadlamp')}"
    except metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return "pyheadlamp/0"
