"""Keycloak as its administrator sees it: clients, sessions, and the events that tell who asked for what."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from tests.real.stack.keycloak_build import ADMIN, ADMIN_PASSWORD
from tests.real.stack.keycloak_realm import REALM

TIMEOUT_S = 60.0
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class AdminError(Exception):
    """Keycloak refused something to its administrator."""


class KeycloakAdmin:
    """The administration interface of the realm. Each call signs in anew: the administrator's tokens live a minute."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._port = port
        self._tls = tls

    def put_client(self, client: Mapping[str, Any]) -> None:
        """Register a client, in the place of one of the same `clientId` if there is one."""
        if (found := self._client(client["clientId"])) is not None:
            self._call("DELETE", f"/clients/{found['id']}")
        self._call("POST", "/clients", client)

    def change_client(self, client_id: str, changes: Mapping[str, Any]) -> None:
        """Change some of a client's fields; of its attributes those that are named."""
        found = self._client(client_id)
        assert found is not None, f"there is no client {client_id}"
        attributes = found.get("attributes", {}) | changes.get("attributes", {})
        self._call("PUT", f"/clients/{found['id']}", found | dict(changes) | {"attributes": attributes})

    def events(self, kind: str, *, client_id: str = "", person: str = "") -> list[dict[str, Any]]:
        """Events of a type and its errors (`REFRESH_TOKEN` and `REFRESH_TOKEN_ERROR`), the newest first."""
        query = [("type", kind), ("type", f"{kind}_ERROR"), ("max", "1000")]
        query += [("client", client_id)] if client_id else []
        query += [("user", self.user_id(person))] if person else []
        found: list[dict[str, Any]] = self._call("GET", f"/events?{urlencode(query)}")
        return found

    def sessions(self, person: str) -> list[dict[str, Any]]:
        """A person's sessions, each with the clients that it has (`clients`, id to name)."""
        found: list[dict[str, Any]] = self._call("GET", f"/users/{self.user_id(person)}/sessions")
        return found

    def log_out(self, person: str) -> None:
        """End all sessions of a person; Keycloak tells the clients before this returns."""
        self._call("POST", f"/users/{self.user_id(person)}/logout")

    def end_session(self, session: str) -> None:
        """End one session, by its id; Keycloak tells its clients before this returns."""
        self._call("DELETE", f"/sessions/{session}")

    def rotate_keys(self, priority: int) -> None:
        """A new RSA signing key, which is used from now on; those with a lower `priority` stay published."""
        realm = self._call("GET", "")
        self._call(
            "POST",
            "/components",
            {
                "name": f"rsa-{priority}",
                "providerId": "rsa-generated",
                "providerType": "org.keycloak.keys.KeyProvider",
                "parentId": realm["id"],
                "config": {"priority": [str(priority)], "enabled": ["true"], "active": ["true"], "keySize": ["2048"]},
            },
        )

    def user_id(self, person: str) -> str:
        users: Sequence[Mapping[str, Any]] = self._call(
            "GET", f"/users?{urlencode({'username': person, 'exact': 'true'})}"
        )
        return str(users[0]["id"])

    def _client(self, client_id: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self._call("GET", f"/clients?{urlencode({'clientId': client_id})}")
        return found[0] if found else None

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        bearer = {"Authorization": f"Bearer {self._token()}"}
        return self._send(method, f"/admin/realms/{REALM}{path}", json.dumps(body) if body else None, JSON, bearer)

    def _token(self) -> str:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN_PASSWORD}
        answer = self._send("POST", "/realms/master/protocol/openid-connect/token", urlencode(form), FORM, {})
        return str(answer["access_token"])

    def _send(self, method: str, path: str, body: str | None, content_type: str, headers: Mapping[str, str]) -> Any:
        connection = http.client.HTTPSConnection("localhost", self._port, timeout=TIMEOUT_S, context=self._tls)
        try:
            connection.request(method, path, body, {"Content-Type": content_type, **headers})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise AdminError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None
