"""A demo provider and a simulated cluster as a test uses them."""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.grants import s256
from headlamp.demo.world.world import World

REDIRECT = "http://localhost:4466/oidc-callback"
VERIFIER = "v" * 43
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.at = float(int(time.time()))

    def __call__(self) -> float:
        return self.at


@dataclass
class Provider:
    """A running provider, and the steps of a browser and a client at it."""

    config: ProviderConfig
    http: aiohttp.ClientSession

    def parameters(self, **changed: str) -> dict[str, str]:
        wanted = {
            "client_id": self.config.client.client_id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "st",
            "nonce": "no",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (wanted | changed).items() if value}

    async def ask(self, **changed: str) -> aiohttp.ClientResponse:
        url = f"{self.config.issuer}/authorize"
        return await self.http.get(url, params=self.parameters(**changed), allow_redirects=False)

    async def choose(self, page: str, person: str) -> dict[str, str]:
        found = re.search(r'name="request" value="([^"]+)"', page)
        assert found is not None
        form = {"request": found[1], "person": person}
        url = f"{self.config.issuer}/authorize/choice"
        answer = await self.http.post(url, data=form, allow_redirects=False)
        return location(answer)

    async def code(self, person: str = "anna", **changed: str) -> str:
        page = await (await self.ask(**changed)).text()
        return (await self.choose(page, person))["code"]

    async def token(self, *, secret: str = "se%3Acret%2F%2B", **form: str) -> tuple[int, dict[str, Any]]:
        basic = base64.b64encode(f"{self.config.client.client_id}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        answer = await self.http.post(f"{self.config.issuer}/token", data=form, headers=headers)
        return answer.status, await answer.json()

    async def redeem(self, code: str, **changed: str) -> tuple[int, dict[str, Any]]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return await self.token(**(form | changed))


def location(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The query of a redirect back to the client."""
    assert answer.status == 303
    target = answer.headers["Location"]
    assert target.startswith(f"{REDIRECT}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


@dataclass
class Cluster:
    """A running simulated cluster, and requests to it as one of the people."""

    world: World
    clock: Clock
    url: str
    http: aiohttp.ClientSession
    tls: ssl.SSLContext
    token_of: Callable[..., str]

    def as_(self, person: str, **headers: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token_of(person)}", **headers}

    async def ask(
        self,
        person: str,
        method: str,
        path: str,
        *,
        json: object = None,
        accept: str = "application/json",
        **headers: str,
    ) -> tuple[int, Any]:
        sent = self.as_(person, Accept=accept, **headers)
        async with self.http.request(method, self.url + path, json=json, headers=sent, ssl=self.tls) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, person: str, path: str, *, accept: str = "application/json") -> tuple[int, Any]:
        return await self.ask(person, "GET", path, accept=accept)

    def walk(self, seconds: int) -> None:
        """Let time go by."""
        for _ in range(seconds):
            self.clock.at += 1
            self.world.agenda.step()
