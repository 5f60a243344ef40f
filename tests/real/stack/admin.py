"""The API server as the cluster's administrator sees it: to prepare what tests need, and to know the truth."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TIMEOUT_S = 60.0
AT_ONCE = 8

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class RefusedError(Exception):
    """The API server answered with an error."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status


class Admin:
    """A client with a certificate. Each call has a connection of its own, so a restart of the server harms none.

    With a `bearer` it is instead whoever that token is of.
    """

    def __init__(self, port: int, tls: ssl.SSLContext, *, bearer: str = "") -> None:
        self._port = port
        self._tls = tls
        self._bearer = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    def get(self, path: str, *, accept: str = JSON) -> Any:
        return self._call("GET", path, None, JSON, accept)

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", path, body, JSON, JSON)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PATCH", path, body, MERGE_PATCH, JSON)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, None, JSON, JSON)

    def create_all(self, path: str, bodies: Iterable[Mapping[str, Any]]) -> None:
        """Create many objects, some at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(lambda body: self.create(path, body), bodies):
                pass

    def is_there(self, path: str) -> bool:
        """Whether something answers with success; False too while nobody answers."""
        try:
            self.get(path)
        except (OSError, http.client.HTTPException, RefusedError):
            return False
        return True

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, content_type: str, accept: str) -> Any:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=TIMEOUT_S, context=self._tls)
        try:
            payload = None if body is None else json.dumps(body)
            headers = {"Accept": accept, "Content-Type": content_type, "User-Agent": "headlamp-tests"} | self._bearer
            connection.request(method, path, payload, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RefusedError(method, path, answer.status, text)
        return json.loads(text) if text.startswith("{") else text
