"""Addresses to ask every route of the application by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headlamp.app import POLICIES, Running
from headlamp.web.policy import Policy

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_EXAMPLES = {
    "{cluster}": "main",
    "{path}": "api/v1/pods",
    "/static/{name}": "/static/pages.css",
    "{name}": "c/main",
}


def example(path: str) -> str:
    """An address of the route whose pattern is `path`."""
    for name, value in _EXAMPLES.items():
        path = path.replace(name, value)
    return re.sub(r"\{\w+\}", "no-such-one", path)


def every_route(running: Running) -> Iterator[tuple[str, str, Policy]]:
    """Method, address and policy of each route; one that takes any method comes with each of `METHODS`."""
    for route, policy in running.app[POLICIES]:
        assert route.resource is not None
        for method in METHODS if route.method == "*" else (route.method,):
            yield method, example(route.resource.canonical), policy
