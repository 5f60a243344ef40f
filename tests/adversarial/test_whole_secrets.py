"""A scan for secrets in all that a server says in a whole life: sign-in, renewal, failures, sign-out (H6, B7)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web
from tests.adversarial.deviations import Deviations
from tests.adversarial.relying_party import Clock
from tests.support.routes import every_route
from tests.support.whole import Browser, Whole, whole_server

from headlamp.settings import Secret

LIST = "/clusters/main/api/v1/pods"
SESSION_SECRET = "canary-session-secret-of-the-server-0123456789"
HTML = {"Accept": "text/html"}


@dataclass
class Heard:
    """What came out of the server, and where."""

    said: list[tuple[str, str]] = field(default_factory=list)
    cookies: set[str] = field(default_factory=set)

    def answer(self, response: aiohttp.ClientResponse, text: str) -> None:
        headers = {name: value for name, value in response.headers.items() if name not in ("Set-Cookie", "Location")}
        self.cookies |= {cookie.value for cookie in response.cookies.values()}
        where = f"{response.method} {response.url.path}"
        self.said += [(f"body of {where}", text), (f"headers of {where}", str(headers))]
        location = response.headers.get("Location", "")
        if location and not urlsplit(location).path.endswith(("/authorize", "/end_session")):
            self.said.append((f"Location of {where}", location))
        for name, value in parse_qsl(urlsplit(location).query):
            # The provider has to be told the state and the nonce, and nothing else that is secret.
            if name not in ("state", "nonce"):
                self.said.append((f"{name} in the Location of {where}", value))

    def leaks(self, canaries: Iterable[str]) -> list[tuple[str, str]]:
        """Where a canary shows, and its beginning."""
        wanted = {canary for canary in canaries if canary}
        return [(place, canary[:12]) for place, text in self.said for canary in wanted if canary in text]


class Recording:
    """A browser all of whose answers are heard."""

    def __init__(self, browser: Browser, heard: Heard) -> None:
        self.browser, self.heard = browser, heard

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        answer = await self.browser.request(method, path, **options)
        if urlsplit(str(answer.url)).port == self.browser.whole.running.port:
            self.heard.answer(answer, await answer.text())
        return answer

    async def callback_address(self) -> str:
        start = await self.get("/oidc?cluster=main&return_to=/c/main/pods", headers=HTML)
        assert start.status == 302
        return (await self.get(start.headers["Location"])).headers["Location"]

    async def sign_in(self) -> aiohttp.ClientResponse:
        return await self.get(await self.callback_address(), headers=HTML)


FAILURES = [
    Deviations(missing=("nonce",)),
    Deviations(alg="none"),
    Deviations(id_token={"iss": "https://evil.example"}),
    Deviations(token_response={"token_type": "DPoP"}),
    Deviations(token_response={"id_token": "not.a.token"}),
    Deviations(status={"token": (400, {"error": "invalid_grant", "error_description": "Bearer canary-description"})}),
    Deviations(status={"token": (401, {"error": "invalid_client"})}),
    Deviations(status={"token": (500, {})}),
    Deviations(body={"token": b"<html>"}),
    Deviations(reset=("token",)),
    Deviations(authorization_response={"iss": "https://evil.example"}),
    Deviations(authorization_response={"error": "access_denied", "error_description": "no"}),
    Deviations(userinfo={"sub": "somebody else"}),
]


async def _life(whole: Whole, me: Recording, clock: Clock) -> None:
    """Everything that can happen to a session, in an order that lets each of it happen."""
    idp, origin = whole.idp, {"Origin": whole.url}
    for failure in FAILURES:
        idp.deviations = failure
        await me.sign_in()
    idp.deviations = Deviations()
    assert (await me.sign_in()).status == 303
    callback = await me.callback_address()
    assert (await me.get(callback, headers=HTML)).status == 303
    assert (await me.get(callback, headers=HTML)).status == 400
    for method, path, _ in list(every_route(whole.running)):
        if path not in ("/api/session", "/oidc", "/oidc-callback", "/oidc-initiate"):
            await me.request(method, path, headers=origin)
            await me.request(method, path, headers=HTML | origin)
    await _paste(me, origin)
    assert (await me.get(LIST)).status == 200
    clock.seconds += idp.id_token_ttl - 30
    idp.deviations = Deviations(status={"token": (500, {})})
    await me.get(LIST)
    clock.seconds += 200
    await me.get(LIST)
    idp.deviations = Deviations()
    clock.seconds += 120
    assert (await me.get(LIST)).status == 200
    assert idp.refresh_calls >= 1
    await me.request("DELETE", "/api/session", headers=origin)
    await me.get("/api/session")
    await me.get(LIST)
    await me.sign_in()
    idp.revoke_refresh_tokens()
    clock.seconds += idp.id_token_ttl + 120
    await me.get(LIST)
    await me.sign_in()
    idp.deviations = Deviations(refreshed_id_token={"sub": "mallory"})
    clock.seconds += idp.id_token_ttl + 120
    await me.get(LIST)
    await me.get("/api/session")


async def _paste(me: Recording, origin: dict[str, str]) -> None:
    for token in ("canary.pasted.token", "", "two\nlines-canary"):
        await me.request("POST", "/clusters/main/set-token", json={"token": token}, headers=origin)
    await me.get(LIST)
    # An empty one signs out, as it does in Headlamp.
    await me.request("POST", "/clusters/main/set-token", json={"token": ""}, headers=origin)
    assert (await me.sign_in()).status == 303


def _canaries(whole: Whole, cookies: set[str]) -> set[str]:
    """Every secret that was about: those of the provider, of the browser, of the clusters and of the server."""
    found = {str(whole.idp.client_secret), SESSION_SECRET, "kubeconfig-token", "canary.pasted.token", "lines-canary"}
    found |= cookies | set(whole.idp.grants.access_tokens()) | set(whole.idp.grants.refresh_tokens())
    for seen in whole.idp.seen:
        found |= {seen.form[name] for name in ("code", "code_verifier", "refresh_token") if name in seen.form}
        found |= {seen.query[name] for name in ("state", "nonce") if name in seen.query}
        found |= {value.partition(" ")[2] for name, value in seen.headers.items() if name == "Authorization"}
    for request in whole.upstream.requests:
        for value in request.values("Authorization"):
            token = value.partition(" ")[2]
            found |= {token, *(part for part in token.split(".") if len(part) > 60)}
    return found


async def test_h6_b7_no_secret_is_in_anything_that_the_server_says(
    tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    clock, heard = Clock(), Heard()
    async with whole_server(
        tmp_path, now=clock, session_store="sqlite", session_secret=Secret(SESSION_SECRET)
    ) as whole:
        whole.upstream.handler = _without_echo
        async with whole.browser() as browser:
            await _life(whole, Recording(browser, heard), clock)
        canaries = _canaries(whole, heard.cookies)
    assert len(canaries) > 60
    out, err = capfd.readouterr()
    heard.said += [("log", log.getvalue()), ("stdout", out), ("stderr", err)]
    heard.said += [(f"file {path.name}", path.read_text(errors="replace")) for path in _files(tmp_path / "state")]
    assert heard.leaks(canaries) == []
    # The scan is worth something only if the log tells what happened.
    levels = {json.loads(line)["level"] for line in log.getvalue().splitlines()}
    assert {"info", "warning", "error", "critical"} <= levels


async def _without_echo(_: web.Request) -> web.StreamResponse:
    return web.json_response({"kind": "PodList", "items": []})


def _files(folder: Path) -> list[Path]:
    """What the server has written; the file with its own secret is where that has to be."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_b7_the_cookie_is_in_no_address_and_no_page_sends_a_referer(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        answers = [await browser.sign_in()]
        value = next(value for name, value in browser.cookies().items() if "login" not in name)
        answers += [await browser.get(path) for path in ("/", "/auth?cluster=main", LIST, "/api/session", "/nowhere")]
        for answer in answers:
            assert value not in answer.headers.get("Location", "")
            assert value not in str(answer.url)
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        # It is no bearer either: in the query or as a header it opens nothing.
        name = f"headlamp-{whole.running.port}"
        async with whole.browser() as thief:
            for path, headers in (
                (f"{LIST}?{name}={value}", {}),
                (LIST, {"Authorization": f"Bearer {value}"}),
                (LIST, {"X-Session": value}),
            ):
                assert (await thief.get(path, headers=headers)).status == 401
