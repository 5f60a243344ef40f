"""GET /api/doctor, the page /doctor, and what the ingress probe tells whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.support.whole import Whole, whole_server

from headlamp.doctor.findings import Point
from headlamp.doctor.report import Report
from headlamp.doctor.tickets import HEADER
from headlamp.settings import Secret
from headlamp.web.doctor_page import doctor_page
from headlamp.web.services import SERVICES

ADMINS = ("cluster-admins",)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> Whole:
            return await stack.enter_async_context(whole_server(tmp_path, **settings))

        yield begin


def _checks(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["id"]: check for check in body["checks"]}


async def test_an_administrator_gets_the_report_with_their_own_token_shown_to_each_cluster(
    start: Callable[..., Any],
) -> None:
    whole: Whole = await start(doctor_groups=ADMINS)

    async def review(request: web.Request) -> web.StreamResponse:
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.37.2"})
        return web.json_response({"status": {"userInfo": {"username": "alice", "groups": []}}}, status=201)

    whole.upstream.handler = review
    async with whole.browser() as browser:
        await browser.sign_in("alice")
        answer = await browser.get("/api/doctor")
        body = await answer.json()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    checks = _checks(body)
    assert checks["provider.client"]["state"] == "ok"
    assert checks["token.accepted"]["found"] == "The cluster accepts the token of your session, of alice, in no group."
    # The server sees itself, under the address that the administrator has.
    assert checks["ingress.server"]["state"] == "ok"
    assert checks["ingress.websocket"]["state"] == "ok"
    assert checks["registration.callback"]["found"].endswith(f"{whole.url}/oidc-callback")
    assert body["summary"] == {
        state: sum(check["state"] == state for check in body["checks"])
        for state in ("ok", "warning", "failed", "skipped")
    }


async def test_e7_no_secret_token_or_cookie_is_in_the_report(start: Callable[..., Any]) -> None:
    whole: Whole = await start(doctor_groups=ADMINS, session_secret=Secret("canary-of-the-server-secret-0123456789"))
    async with whole.browser() as browser:
        await browser.sign_in("alice")
        text = await (await browser.get("/api/doctor")).text() + await (await browser.get("/doctor")).text()
        cookies = browser.cookies().values()
    tokens = [value for one in whole.upstream.requests for value in one.values("Authorization")]
    assert tokens
    for secret in (*tokens, *cookies, "canary", str(whole.idp.client.secret)):
        assert secret.removeprefix("Bearer ") not in text


@pytest.mark.parametrize(
    ("groups", "words"),
    [(ADMINS, "None of your groups"), ((), "names no groups"), (("bob", "bob@example.com"), "None")],
)
async def test_e6_somebody_in_none_of_the_groups_gets_403_with_what_would_let_them_in(
    start: Callable[..., Any], groups: tuple[str, ...], words: str
) -> None:
    whole: Whole = await start(doctor_groups=groups)
    async with whole.browser() as browser:
        await browser.sign_in("bob")
        asked = len(whole.idp.seen)
        answer = await browser.get("/api/doctor")
        page = await browser.get("/doctor", headers={"Accept": "text/html"})
    body = await answer.json()
    assert (answer.status, body["code"]) == (403, "doctor.forbidden")
    assert words in body["detail"]
    assert "-doctor-groups" in body["remedy"]
    assert page.status == 403
    assert len(whole.idp.seen) == asked


async def test_e6_groups_that_only_userinfo_tells_do_not_count(start: Callable[..., Any]) -> None:
    whole: Whole = await start(doctor_groups=("made-up",))
    whole.idp.deviations.missing = ("groups",)
    whole.idp.deviations.userinfo = {"groups": ["made-up"]}
    async with whole.browser() as browser:
        await browser.sign_in("bob")
        assert (await (await browser.get("/api/session")).json())["user"]["groups"] == ["made-up"]
        assert (await browser.get("/api/doctor")).status == 403


async def test_e6_groups_of_a_pasted_token_do_not_count(start: Callable[..., Any]) -> None:
    from tests.adversarial.signing import rsa_key, sign

    whole: Whole = await start(doctor_groups=ADMINS)
    async with whole.browser() as browser:
        token = sign({"sub": "x", "groups": list(ADMINS), "exp": 4_000_000_000}, rsa_key())
        answer = await browser.request("POST", "/clusters/main/set-token", json={"token": token})
        assert answer.status == 200
        assert (await browser.get("/api/doctor")).status == 403


async def test_nobody_is_sent_to_sign_in(start: Callable[..., Any]) -> None:
    whole: Whole = await start(doctor_groups=ADMINS)
    async with whole.browser() as browser:
        for path in ("/api/doctor", "/doctor"):
            answer = await browser.get(path)
            assert (answer.status, answer.headers["X-Headlamp-Code"]) == (401, "session.none")


async def test_in_the_laptop_case_whoever_is_at_the_machine_may_look(start: Callable[..., Any]) -> None:
    whole: Whole = await start(oidc_client_id="", oidc_client_secret=None, oidc_idp_issuer_url="")
    async with whole.browser() as browser:
        answer = await browser.get("/api/doctor")
        assert answer.status == 200
        checks = _checks(await answer.json())
    assert checks["settings.sign_in"]["state"] == "ok"
    assert "kubeconfig's own credentials" in checks["cluster.sign_in"]["found"]


def test_d9_the_page_escapes_what_others_wrote() -> None:
    evil = "<script>alert(1)</script>"
    point = Point("cluster.dns", evil, evil)
    findings = (point.failed(f"`{evil}`", evil, subject=evil), point.ok(evil, subject=evil))
    text = doctor_page(Report(findings), base_url="/x")
    assert "<script" not in text
    assert "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>" in text


async def test_the_page_says_what_is_wrong_first(start: Callable[..., Any]) -> None:
    whole: Whole = await start(doctor_groups=ADMINS)
    whole.idp.deviations.metadata = {"scopes_supported": ["openid"]}
    async with whole.browser() as browser:
        await browser.sign_in("alice")
        answer = await browser.get("/doctor", headers={"Accept": "text/html"})
        text = await answer.text()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert text.index("To look at") < text.index("<table")
    assert "What to do: " in text


async def test_two_who_ask_within_a_while_get_the_same_report(start: Callable[..., Any]) -> None:
    whole: Whole = await start(doctor_groups=ADMINS)
    async with whole.browser() as browser:
        await browser.sign_in("alice")
        await browser.get("/api/doctor")
        asked = len(whole.idp.seen)
        await browser.get("/api/doctor")
    assert len(whole.idp.seen) == asked


async def test_the_probe_tells_nobody_anything_without_a_ticket(start: Callable[..., Any]) -> None:
    whole: Whole = await start()
    async with whole.browser() as browser:
        for ticket in ("", "x", "A" * 60):
            assert (await browser.get("/api/doctor/ingress", headers={HEADER: ticket})).status == 404


async def test_the_probe_tells_how_a_request_has_arrived(start: Callable[..., Any]) -> None:
    whole: Whole = await start()
    ticket = whole.running.app[SERVICES].tickets.issue()
    headers = {HEADER: ticket, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Cookie": "a=b"}
    async with whole.browser() as browser:
        answer = await browser.get("/api/doctor/ingress?padding=100", headers=headers)
        seen = await answer.json()
    assert seen["external"] == f"https://localhost:{whole.running.port}"
    assert (seen["peer"], seen["trusted"]) == ("127.0.0.1", True)
    assert (seen["forwarded_proto"], seen["forwarded_for"], seen["cookie_bytes"]) == ("https", "203.0.113.9", 3)
    assert len(answer.headers["X-Padding"]) == 100
    assert ticket not in await answer.text()


async def test_c1_the_probes_websocket_is_for_our_own_pages(start: Callable[..., Any]) -> None:
    import aiohttp

    whole: Whole = await start()
    headers = {HEADER: whole.running.app[SERVICES].tickets.issue(), "Origin": "https://evil.example.com"}
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{whole.url}/api/doctor/ingress", headers=headers)
    assert refused.value.status == 403
