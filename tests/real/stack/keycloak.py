"""Keycloak: the identity provider of many companies, with refresh tokens that work once, and back-channel logout."""

from __future__ import annotations

import json
import os
import ssl
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real.stack.apiserver import TrustedIssuer
from tests.real.stack.keycloak_admin import KeycloakAdmin
from tests.real.stack.keycloak_build import JAVA_OPTIONS, home
from tests.real.stack.keycloak_realm import REALM, TOKEN_LIFETIME_S
from tests.real.stack.oidc_client import OidcClient, callback
from tests.real.stack.people import KEYCLOAK_PREFIX, PASSWORD, Person
from tests.real.stack.pki import Pki, trusting
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 180.0
STOPPED_WITHIN_S = 20.0
CLIENT_SECRET = "keycloak-client-secret-for-tests"

DIRECT_CLIENT = "direct"
CLIENTS = (
    "headlamp",
    "headlamp-short",
    "headlamp-alone",
    "headlamp-narrow",
    "headlamp-hint",
    "headlamp-page",
    "headlamp-kubectl",
    "headlamp-doctor",
    "headlamp-sharing",
    "headlamp-workers",
    "headlamp-public",
    "headlamp-keys-pem",
    "headlamp-keys-jwk",
    "headlamp-es256",
    "another-app",
    DIRECT_CLIENT,
)
"""The names that clients may have here; the API server has to know them before any of them is registered."""

_GROUPS_IN_TOKENS = {
    "name": "groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {
        "claim.name": "groups",
        "full.path": "false",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "userinfo.token.claim": "true",
    },
}


@dataclass
class Keycloak:
    """One Keycloak with one realm. `built` is its distribution; `start` may take half a minute."""

    place: Workplace
    built: Path
    pki: Pki
    port: int
    management_port: int
    _program: Program | None = None
    admin: KeycloakAdmin = field(init=False)

    def __post_init__(self) -> None:
        self.admin = KeycloakAdmin(self.port, trusting(self.pki.pem))

    @property
    def issuer(self) -> str:
        return issuer(self.port)

    def start(self) -> None:
        folder = self.place.folder / "keycloak"
        if not folder.exists():
            home(self.built, folder)
        serving = self.pki.server("keycloak")
        self._program = self.place.start(
            "keycloak",
            [
                folder / "bin" / "kc.sh",
                "start",
                "--optimized",
                # Otherwise it looks for others of its kind, on all interfaces.
                "--cache=local",
                f"--hostname=https://localhost:{self.port}",
                "--http-enabled=false",
                "--http-host=127.0.0.1",
                f"--https-port={self.port}",
                f"--https-certificate-file={serving.cert}",
                f"--https-certificate-key-file={serving.key}",
                # It calls the product's back channel, which may be behind TLS.
                f"--truststore-paths={self.pki.ca}",
                "--http-management-scheme=http",
                "--http-management-host=127.0.0.1",
                f"--http-management-port={self.management_port}",
            ],
            env=os.environ | JAVA_OPTIONS,
        )
        context = trusting(self.pki.pem)
        self._program.wait_until(lambda: self._answers(context), within=READY_WITHIN_S)

    def stop(self) -> None:
        """As an administrator does it; `start` again is a restart, and the sessions are still there."""
        assert self._program is not None
        self._program.stop(patience=STOPPED_WITHIN_S)

    def pause(self) -> None:
        """From now on it takes connections and says nothing, until `resume`."""
        assert self._program is not None
        self._program.pause()

    def resume(self) -> None:
        assert self._program is not None
        self._program.resume()

    def register(
        self,
        client_id: str,
        *addresses: str,
        public: bool = False,
        key: Path | None = None,
        lifetime: int = TOKEN_LIFETIME_S,
        attributes: Mapping[str, str] | None = None,
        scopes: Sequence[str] = ("profile", "email"),
        **changes: Any,
    ) -> OidcClient:
        """Register the product at its addresses as a client, which is told about logouts at the first of them.

        It has a secret, or the private `key` in a file (its public half is for `attributes`), or is a public one. Its
        tokens live for `lifetime` seconds. `attributes` are Keycloak's own further settings of a client, `changes`
        replace fields.
        """
        assert client_id in CLIENTS, f"{client_id} is nobody whom the API server would trust"
        secret = None if public or key is not None else CLIENT_SECRET
        client = {
            "clientId": client_id,
            "protocol": "openid-connect",
            "publicClient": public,
            "clientAuthenticatorType": "client-secret" if key is None else "client-jwt",
            "secret": secret,
            "standardFlowEnabled": True,
            "implicitFlowEnabled": False,
            "directAccessGrantsEnabled": False,
            "frontchannelLogout": False,
            "redirectUris": [callback(address) for address in addresses],
            "attributes": {
                "pkce.code.challenge.method": "S256",
                "access.token.lifespan": str(lifetime),
                **(_logout_at(addresses) if addresses else {}),
                **(attributes or {}),
            },
            "protocolMappers": [_GROUPS_IN_TOKENS],
            **changes,
        }
        self.admin.put_client(client)
        return OidcClient(self.issuer, client_id, self.pki.ca, secret, scopes, key)

    def token_of(self, person: Person) -> str:
        """An ID token for somebody, without a browser (by the password grant, which the product doesn't have)."""
        self.register(DIRECT_CLIENT, public=True, directAccessGrantsEnabled=True)
        form = {
            "grant_type": "password",
            "client_id": DIRECT_CLIENT,
            "username": person.name,
            "password": PASSWORD,
            "scope": "openid",
        }
        request = urllib.request.Request(
            f"{self.issuer}/protocol/openid-connect/token", data=urllib.parse.urlencode(form).encode()
        )
        with urllib.request.urlopen(request, timeout=60, context=trusting(self.pki.pem)) as answer:
            return str(json.load(answer)["id_token"])

    def _answers(self, context: ssl.SSLContext) -> bool:
        address = f"{self.issuer}/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(address, timeout=5, context=context) as answer:
                return bool(json.load(answer)["issuer"] == self.issuer)
        except (OSError, ValueError):
            return False


def _logout_at(addresses: Sequence[str]) -> dict[str, str]:
    return {
        "post.logout.redirect.uris": "##".join(f"{address}/signed-out" for address in addresses),
        "backchannel.logout.url": f"{addresses[0]}/oidc-backchannel-logout",
        "backchannel.logout.session.required": "true",
    }


def issuer(port: int) -> str:
    """What tokens of a Keycloak at a port carry."""
    return f"https://localhost:{port}/realms/{REALM}"


def trusted(port: int, pki: Pki) -> TrustedIssuer:
    """What an API server has to know about a Keycloak, whether it runs yet or not."""
    return TrustedIssuer(
        issuer(port), CLIENTS[0], pki.pem, CLIENTS[1:], prefix=KEYCLOAK_PREFIX, username_claim="preferred_username"
    )
