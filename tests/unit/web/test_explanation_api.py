"""GET /api/explanation on the whole server: what it tells of a token, and that it never tells the token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.adversarial.signing import sign
from tests.support.whole import Browser, Whole, whole_server

from headlamp.web import explanation_api, session_api

PATH = "/api/explanation?cluster=main"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that answers is waited for, however busy the machine is with other things."""
    for module in (explanation_api, session_api):
        monkeypatch.setattr(module, "ASK_S", 60.0)


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        running.upstream.handler = refusing
        yield running


async def refusing(request: web.Request) -> web.StreamResponse:
    """An API server that takes nobody's token, and tells its version to those who send none."""
    if request.path == "/version" and "Authorization" not in request.headers:
        return web.json_response({"major": "1", "minor": "33"})
    return web.json_response({"kind": "Status", "message": "Unauthorized"}, status=401)


async def accepting(request: web.Request) -> web.StreamResponse:
    """An API server that calls the user alice, in one group."""
    if request.path == "/version":
        return web.json_response({"major": "1", "minor": "37"})
    user = {"username": "oidc:alice@example.com", "groups": ["developers", "cluster-admins", "system:authenticated"]}
    return web.json_response({"status": {"userInfo": user}}, status=201)


async def too_large(_: web.Request) -> web.StreamResponse:
    """An API server that reads no head with such a token."""
    return web.Response(status=431, text="431 Request Header Fields Too Large")


async def explained(browser: Browser, path: str = PATH) -> dict[str, Any]:
    answer = await browser.get(path)
    assert answer.status == 200, await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    made: dict[str, Any] = await answer.json()
    return made


def finding(made: dict[str, Any], claim: str) -> dict[str, str]:
    (found,) = [one for one in made["findings"] if one["claim"] == claim]
    return dict(found)


async def test_a_refused_sign_in_is_explained_in_the_agreed_shape(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        made = await explained(browser)
    assert made.keys() == {
        "cluster",
        "accepted",
        "reason",
        "user",
        "credential",
        "findings",
        "flags",
        "authentication_configuration",
    }
    assert (made["cluster"], made["accepted"], made["user"]) == ("main", False, None)
    credential = made["credential"]
    assert credential.keys() == {"kind", "format", "header", "claims", "expires_at", "size"}
    assert (credential["kind"], credential["format"]) == ("id_token", "jwt")
    assert credential["header"]["alg"] == "RS256"
    assert credential["claims"]["email"] == "alice@example.com"
    assert credential["expires_at"] == credential["claims"]["exp"]
    for one in made["findings"]:
        assert one.keys() == {"claim", "token", "expected", "state", "why", "remedy"}
        assert one["state"] in ("ok", "off", "unknown")
        assert all(isinstance(text, str) for text in one.values())
    # The provider of these tests is at an http address, which no API server can be told to trust.
    assert finding(made, "iss")["state"] == "off"
    assert (made["flags"], made["authentication_configuration"]) == ([], "")


async def test_an_accepted_sign_in_says_who_the_user_is_and_with_which_settings(whole: Whole) -> None:
    whole.upstream.handler = accepting
    async with whole.browser() as browser:
        await browser.sign_in()
        made = await explained(browser)
    assert made["accepted"] is True
    assert made["user"]["username"] == "oidc:alice@example.com"
    assert {one["state"] for one in made["findings"]} == {"ok"}


async def test_e7_neither_a_token_nor_a_signature_is_in_the_answer(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        text = await (await browser.get(PATH)).text()
    (sent,) = {request.values("Authorization")[0] for request in whole.upstream.requests if request.method == "POST"}
    header, claims, signature = sent.removeprefix("Bearer ").split(".")
    for part in (header, claims, signature):
        assert part not in text
    assert "eyJ" not in text


async def test_who_is_not_signed_in_is_told_nothing(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert (await browser.get(PATH)).status == 401
    assert whole.upstream.requests == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/explanation", 400, "explanation.cluster_missing"),
        ("/api/explanation?cluster=nowhere", 404, "cluster.unknown"),
    ],
)
async def test_a_cluster_has_to_be_named(whole: Whole, path: str, status: int, code: str) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        answer = await browser.get(path)
    assert (answer.status, answer.headers["X-Headlamp-Code"]) == (status, code)


async def test_an_opaque_access_token_is_said_to_be_for_no_cluster(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_use_access_token=True) as whole, whole.browser() as browser:
        whole.upstream.handler = refusing
        await browser.sign_in()
        made = await explained(browser)
    assert (made["credential"]["kind"], made["credential"]["format"]) == ("access_token", "opaque")
    assert finding(made, "kind")["state"] == "off"
    assert made["credential"]["claims"] == {}


async def test_a_token_that_a_setting_holds_back_is_explained_without_asking_the_cluster(
    whole: Whole, tmp_path: Path
) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        kubeconfig = json.loads((tmp_path / "kubeconfig").read_text())
        picky = {"name": "pyheadlamp", "extension": {"validatorClientId": "kubernetes"}}
        kubeconfig["contexts"].append({"name": "picky", "context": {"cluster": "main", "extensions": [picky]}})
        (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig))
        async with asyncio.timeout(30):
            while (await browser.get("/api/explanation?cluster=picky")).status == 404:
                await asyncio.sleep(0.1)  # until the server looks at the file again
        whole.upstream.requests.clear()
        made = await explained(browser, "/api/explanation?cluster=picky")
    # Its version alone is asked, as nobody.
    assert [(request.target, request.values("Authorization")) for request in whole.upstream.requests] == [
        ("/version", [])
    ]
    assert made["accepted"] is None
    assert "kubernetes" in made["reason"]
    assert finding(made, "aud")["state"] == "off"
    assert finding(made, "aud")["expected"] == "kubernetes (the kubeconfig)"


async def test_a_pasted_token_is_compared_with_what_the_kubeconfig_says(tmp_path: Path) -> None:
    user = {
        "auth-provider": {
            "name": "oidc",
            "config": {"idp-issuer-url": "https://id.example.com", "client-id": "kubernetes"},
        }
    }
    async with whole_server(tmp_path, users={"other": user}) as whole, whole.browser() as browser:
        whole.upstream.handler = refusing
        await browser.sign_in()
        await browser.get("/clusters/main/version")
        token = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
        pasted = await browser.request("POST", "/clusters/other/set-token", json={"token": token})
        assert pasted.status == 200
        made = await explained(browser, "/api/explanation?cluster=other")
    assert made["credential"]["kind"] == "pasted_token"
    assert finding(made, "aud")["state"] == "off"
    assert "kubernetes (the kubeconfig)" in finding(made, "aud")["expected"]


async def test_in_the_laptop_case_there_is_no_token_to_explain(tmp_path: Path) -> None:
    async with (
        whole_server(tmp_path, oidc_client_id="", oidc_client_secret=None, oidc_idp_issuer_url="") as whole,
        whole.browser() as browser,
    ):
        answer = await browser.get(PATH)
    assert (answer.status, answer.headers["X-Headlamp-Code"]) == (404, "explanation.no_token")


async def test_a_cluster_that_does_not_answer_holds_nothing_up(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(explanation_api, "ASK_S", 0.05)
    async with whole.browser() as browser:
        await browser.sign_in()
        whole.upstream.handler = silent
        made = await explained(browser)
    assert made["accepted"] is None
    assert "did not answer" in made["reason"]
    assert finding(made, "exp")["state"] == "ok"


async def test_the_files_version_is_the_clusters(whole: Whole) -> None:
    # As from a provider at a public https address.
    async with whole.browser() as browser:
        await browser.sign_in()
        claims = {"iss": "https://id.example.com", "sub": "8a3f", "aud": "headlamp", "exp": 4_000_000_000}
        token = sign(claims, whole.idp.keys[0])
        await browser.request("POST", "/clusters/main/set-token", json={"token": token})
        made = await explained(browser)
    assert "apiserver.config.k8s.io/v1beta1" in made["authentication_configuration"]
    assert "--oidc-issuer-url=https://id.example.com" in made["flags"]


async def test_s3_a_token_that_is_too_large_for_the_cluster_is_told_everywhere(whole: Whole) -> None:
    whole.upstream.handler = too_large
    whole.idp.people["alice"]["groups"] = [f"group-{number}" for number in range(2000)]
    async with whole.browser() as browser:
        await browser.sign_in()
        refused = await browser.get("/clusters/main/api/v1/pods")
        assert refused.status == 431
        status = await refused.json()
        assert (status["kind"], status["details"]["causes"][0]["reason"]) == ("Status", "cluster.token_too_large")
        session = await (await browser.get("/api/session")).json()
        (cluster,) = session["clusters"]
        assert (session["signed_in"], cluster["accepted"]) == (True, None)
        made = await explained(browser)
    found = finding(made, "size")
    assert found["state"] == "off"
    assert f"{made['credential']['size']:,} bytes" in found["why"]
    assert "fewer groups" in found["remedy"]
    assert len(made["credential"]["claims"]["groups"]) == 26


async def test_g1_a_cluster_that_refuses_a_fresh_token_starts_no_renewal_and_no_sign_in(whole: Whole) -> None:
    async with whole.browser() as browser:
        landed = await browser.sign_in()
        assert landed.status == 303
        before = len(whole.idp.seen)
        for _ in range(20):
            refused = await browser.get("/clusters/main/api/v1/pods")
            assert (refused.status, refused.headers["X-Headlamp-Code"]) == (401, "cluster.rejected")
            session = await (await browser.get("/api/session")).json()
            assert session["signed_in"] is True
            assert session["clusters"][0]["accepted"] is False
            assert (await explained(browser))["accepted"] is False
        upgrade = await browser.get("/c/main/pods", headers={"Accept": "text/html"})
        assert upgrade.status == 200, "the page, not a way to another sign-in"
        assert whole.idp.seen[before:] == []


async def test_g1_live_rows_of_such_a_cluster_ask_it_once_and_the_provider_never(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        before = len(whole.idp.seen)
        whole.upstream.requests.clear()
        codes = await failures_of_live_rows(browser, subscriptions=5)
        assert codes == ["cluster.rejected"] * 5
        assert len(whole.upstream.requests) == 1
        assert whole.idp.seen[before:] == []


async def test_s3_live_rows_say_that_the_token_is_too_large_and_do_not_try_again(whole: Whole) -> None:
    whole.upstream.handler = too_large
    whole.idp.people["alice"]["groups"] = [f"group-{number}" for number in range(2000)]
    async with whole.browser() as browser:
        await browser.sign_in()
        whole.upstream.requests.clear()
        assert await failures_of_live_rows(browser, subscriptions=1) == ["cluster.token_too_large"]
        assert len(whole.upstream.requests) == 1


async def failures_of_live_rows(browser: Browser, *, subscriptions: int) -> list[str]:
    """Subscribe to the same list several times; the codes of the failures that each is told."""
    nodes = {"group": "", "version": "v1", "plural": "nodes", "namespaced": False}
    headers = {"Origin": browser.whole.url, "Sec-Fetch-Site": "same-origin"}
    codes: list[str] = []
    async with asyncio.timeout(30), browser.http.ws_connect(f"{browser.whole.url}/api/live", headers=headers) as socket:
        for number in range(1, subscriptions + 1):
            await socket.send_json({"type": "subscribe", "id": number, "cluster": "main", "resource": nodes})
        while len(codes) < subscriptions:
            message = await socket.receive()
            told = json.loads(message.data) if isinstance(message.data, str) else {}
            if told.get("state") == "failed":
                codes.append(told["missing"][0]["code"])
    return codes


async def test_g2_what_the_cluster_forbids_leaves_the_user_signed_in(whole: Whole) -> None:
    async def forbidding(_: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "message": "pods is forbidden"}, status=403)

    whole.upstream.handler = forbidding
    async with whole.browser() as browser:
        await browser.sign_in()
        assert (await browser.get("/clusters/main/api/v1/pods")).status == 403
        session = await (await browser.get("/api/session")).json()
        assert session["signed_in"] is True
        # A 403 says that the token was read.
        assert session["clusters"][0]["accepted"] is True
        assert (await explained(browser))["accepted"] is True
