"""Dex: the identity provider, with its own sign-in form."""

from __future__ import annotations

import json
import ssl
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.stack.apiserver import TrustedIssuer
from tests.real.stack.oidc_client import OidcClient
from tests.real.stack.people import EVERYBODY, PASSWORD_BCRYPT, Person
from tests.real.stack.pki import Pki, trusting
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0
ID_TOKEN_LIFETIME_S = 20

CLIENT_ID = "headlamp"
CLIENT_SECRET = "client-secret-for-tests"


@dataclass(frozen=True)
class Dex:
    """One Dex, which forgets everything when it ends."""

    place: Workplace
    binary: Path
    pki: Pki
    port: int
    redirect_uris: Sequence[str]
    said: Mapping[str, object] = field(default_factory=dict)
    """Members of its configuration that are not as they are here."""
    name: str = "dex"

    @property
    def issuer(self) -> str:
        return f"https://127.0.0.1:{self.port}/dex"

    @property
    def trusted(self) -> TrustedIssuer:
        """What an API server has to know about it."""
        return TrustedIssuer(self.issuer, CLIENT_ID, self.pki.pem)

    @property
    def client(self) -> OidcClient:
        """The product as its client."""
        scopes = ("profile", "email", "groups", "offline_access")
        return OidcClient(self.issuer, CLIENT_ID, self.pki.ca, CLIENT_SECRET, scopes)

    def start(self) -> Program:
        config = self.place.write(f"{self.name}/config.json", json.dumps({**self._config(), **self.said}))
        program = self.place.start(self.name, [self.binary, "serve", config])
        context = trusting(self.pki.pem)
        program.wait_until(lambda: self._healthy(context), within=READY_WITHIN_S)
        return program

    def _config(self) -> dict[str, object]:
        serving = self.pki.server(self.name)
        return {
            "issuer": self.issuer,
            "storage": {"type": "memory"},
            "web": {
                "https": f"127.0.0.1:{self.port}",
                "tlsCert": str(serving.cert),
                "tlsKey": str(serving.key),
            },
            # A refresh token works once: whoever renews twice with the same one is found out.
            "expiry": {"idTokens": f"{ID_TOKEN_LIFETIME_S}s", "refreshTokens": {"reuseInterval": "0s"}},
            "oauth2": {"skipApprovalScreen": True},
            "staticClients": [
                {
                    "id": CLIENT_ID,
                    "name": "Headlamp",
                    "secret": CLIENT_SECRET,
                    "redirectURIs": list(self.redirect_uris),
                }
            ],
            "enablePasswordDB": True,
            "staticPasswords": passwords_of(EVERYBODY),
        }

    def _healthy(self, context: ssl.SSLContext) -> bool:
        try:
            with urllib.request.urlopen(f"{self.issuer}/healthz", timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def passwords_of(people: Sequence[Person]) -> list[dict[str, object]]:
    """Members of `staticPasswords` in its configuration: these can sign in."""
    return [
        {
            "email": person.email,
            "username": person.name,
            "preferredUsername": person.name,
            "userID": str(uuid.uuid5(uuid.NAMESPACE_URL, person.email)),
            "hash": PASSWORD_BCRYPT,
            "groups": list(person.groups),
        }
        for person in people
    ]
