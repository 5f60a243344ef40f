"""An API server just large enough for the page: who one is, one kind of object, and rows of it."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from aiohttp import web

PODS = {
    "name": "pods",
    "singularName": "pod",
    "namespaced": True,
    "kind": "Pod",
    "verbs": ["get", "list", "watch"],
}


class SmallApiServer:
    """A handler for `RecordingUpstream`. `refuses` is whether it answers 401 to every bearer, `pods` are the names.

    `asked` holds who asked for which path, in order, by the tokens that came.
    """

    def __init__(self) -> None:
        self.refuses = False
        self.pods = ["web-1", "web-2"]
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        person = subject(request.headers.get("Authorization", ""))
        path = request.path
        if person:
            self.asked.append((person, path))
        if path == "/version":
            return web.json_response({"major": "1", "minor": "34", "gitVersion": "v1.34.2"})
        if self.refuses or not person:
            return _status(401, "Unauthorized", "Unauthorized")
        if path.endswith("/selfsubjectreviews"):
            return web.json_response({"kind": "SelfSubjectReview", "status": {"userInfo": {"username": person}}})
        if path == "/apis":
            return web.json_response({"kind": "APIGroupList", "groups": []})
        if path == "/api":
            return web.json_response({"kind": "APIVersions", "versions": ["v1"]})
        if path == "/api/v1":
            return web.json_response({"kind": "APIResourceList", "groupVersion": "v1", "resources": [PODS]})
        if path == "/api/v1/namespaces":
            return web.json_response({"kind": "NamespaceList", "items": [{"metadata": {"name": "shop"}}]})
        if path.endswith("/pods"):
            return await self._pods(request)
        return _status(404, "NotFound", "there is nothing of that kind")

    async def _pods(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response(_table(self.pods))
        stream = web.StreamResponse(headers={"Content-Type": "application/json"})
        await stream.prepare(request)
        # Nothing happens; the watch lasts until the product ends it.
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.05)
        return stream


def subject(authorization: str) -> str:
    """Whom a bearer token is for, as it says itself; "" when there is none."""
    _, _, token = authorization.partition(" ")
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return str(claims["sub"])


def _table(names: list[str]) -> dict[str, Any]:
    columns = [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "1"},
        "columnDefinitions": columns,
        "rows": [{"cells": [name], "object": None} for name in names],
    }


def _status(code: int, reason: str, message: str) -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return web.json_response(body, status=code)
