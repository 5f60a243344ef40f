"""What a Headlamp frontend asks and expects (/config, /me, /set-token)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.whole import Whole, whole_server


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


async def test_config_names_the_clusters_and_tells_addresses_to_the_signed_in_alone(whole: Whole) -> None:
    async with whole.browser() as browser:
        before = await (await browser.get("/config")).json()
        assert before["clusters"][0]["name"] == "main"
        assert before["clusters"][0]["auth_type"] == "oidc"
        assert before["clusters"][0]["server"] == ""
        assert before["clusters"][0]["meta_data"]["origin"] == {"kubeconfig": ""}
        await browser.sign_in()
        after = await (await browser.get("/config")).json()
        assert after["clusters"][0]["server"] == whole.upstream.url
        assert after.keys() == before.keys()


async def test_me_tells_who_one_is(whole: Whole) -> None:
    async with whole.browser() as browser:
        nobody = await browser.get("/clusters/main/me")
        assert (nobody.status, await nobody.json()) == (401, {"message": "unauthorized"})
        await browser.sign_in()
        me = await (await browser.get("/clusters/main/me")).json()
        assert me.keys() == {"username", "email", "groups", "userInfoURL"}
        assert me["username"] == whole.idp.people["alice"]["preferred_username"]


@pytest.mark.parametrize("body", ['{"token":', "[]", '{"token": 5}', "{}", '{"token": "two words"}'])
async def test_a_malformed_token_is_refused(whole: Whole, body: str) -> None:
    async with whole.browser() as browser:
        answer = await browser.request(
            "POST", "/clusters/main/set-token", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 400
        assert browser.cookies() == {}


async def test_a_pasted_token_is_used_for_its_cluster_until_it_is_taken_back(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert (await browser.request("POST", "/clusters/main/set-token", json={"token": "pasted-token"})).status == 200
        assert (await browser.get("/clusters/main/version")).status == 200
        assert whole.upstream.last.values("Authorization") == ["Bearer pasted-token"]
        away = await browser.request("POST", "/clusters/main/set-token", json={"token": None})
        assert (away.status, await away.text()) == (200, "")
        assert (await browser.get("/clusters/main/me")).status == 401


async def test_signing_out_the_headlamp_way_ends_the_session(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert (await browser.request("POST", "/clusters/main/set-token", json={"token": ""})).status == 200
        assert (await browser.get("/clusters/main/me")).status == 401
