"""A stand-in for the HTTP client, and values that many tests start from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import ProviderUnavailable
from headlamp.oidc.http import Answer
from headlamp.oidc.metadata import Metadata

ISSUER = "https://idp.example.com"
CONFIG = ProviderConfig(id="main", issuer=ISSUER, client_id="headlamp", client_secret="s3cret")
METADATA = Metadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    userinfo_endpoint=f"{ISSUER}/userinfo",
)


def answer(document: object, status: int = 200, retry_after: float | None = None) -> Answer:
    return Answer(status, "application/json", json.dumps(document).encode(), retry_after)


@dataclass
class FakeHttp:
    """Answers from a table by URL; what is not there is unavailable. `sent` keeps (url, form, headers)."""

    answers: dict[str, Answer] = field(default_factory=dict)
    sent: list[tuple[str, Mapping[str, str] | None, Mapping[str, str]]] = field(default_factory=list)
    closed: bool = False

    async def fetch(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 0,
        timeout: float = 0,
    ) -> Answer:
        self.sent.append((url, form, headers or {}))
        if url not in self.answers:
            raise ProviderUnavailable(f"{url} is not there")
        return self.answers[url]

    async def close(self) -> None:
        self.closed = True


class Clock:
    def __init__(self, seconds: float = 1_764_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def discovery_document(**changes: Any) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        **changes,
    }
