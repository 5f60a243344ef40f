"""Back-channel logout through the whole server (OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.adversarial.deviations import MISSING
from tests.adversarial.logging_out import EVENT, LogoutAnswer
from tests.adversarial.relying_party import Clock
from tests.adversarial.signing import ec_key, rsa_key
from tests.support.closing import close_code
from tests.support.waiting import until
from tests.support.whole import Browser, Whole, whole_server

from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.memory import MemoryStore

LIST = "/clusters/main/api/v1/pods"
NOW = 1_764_000_000
PATH = "/oidc-backchannel-logout"
NAMED_BY_SID_OR_SUB: tuple[dict[str, Any], ...] = ({}, {"sid": MISSING})


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        running.idp.backchannel_logout_uri = f"{running.url}{PATH}"
        yield running


async def alive(browser: Browser) -> bool:
    status = (await browser.get(LIST)).status
    assert status in (200, 401)
    return status == 200


async def post(whole: Whole, token: str, **options: Any) -> aiohttp.ClientResponse:
    async with whole.browser() as provider:
        return await provider.request("POST", PATH, data={"logout_token": token}, **options)


def named(claims: dict[str, Any]) -> str:
    """A short name for what is special about a token."""
    return ", ".join(
        f"{name}={str(value)[:40]}" if name != "sign_with" else value.kid for name, value in claims.items()
    )


def sid_of(whole: Whole, number: int = -1) -> str:
    return whole.idp.grants.all[number].sid


def error_of(answer: LogoutAnswer) -> str:
    body = json.loads(answer.text)
    assert body["code"].startswith("oidc.logout")
    return str(body["error"])


# What is believed


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"header": {"typ": None}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "application/logout+jwt"}},
        {"events": {EVENT: {}, "revoke_offline_access": True}},
        {"events": {EVENT: {"reason": "x"}}},
        {"aud": ["headlamp"]},
        {"azp": "headlamp"},
        {"sid": MISSING},
        {"sub": MISSING},
        {"typ": "Logout", "trace_id": "x"},
    ],
    ids=named,
)
async def test_i2_a_logout_token_as_real_providers_send_it_counts(whole: Whole, right: dict[str, Any]) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert await alive(browser)
        answer = await whole.idp.send_logout_token(whole.idp.logout_token(**right))
        assert answer.status == 200, answer.text
        assert not await alive(browser)


async def test_i2_a_trusted_audience_may_stand_beside_the_client(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_trusted_audiences=("kubernetes",)) as whole, whole.browser() as browser:
        await browser.sign_in()
        uri = f"{whole.url}{PATH}"
        both: dict[str, Any] = {"aud": ["headlamp", "kubernetes"], "azp": "headlamp"}
        third = {**both, "aud": ["headlamp", "kubernetes", "third"]}
        assert (await whole.idp.send_logout_token(whole.idp.logout_token(**third), uri=uri)).status == 400
        assert (await whole.idp.send_logout_token(whole.idp.logout_token(**both), uri=uri)).status == 200


# What is not


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign_with": rsa_key("somebody-elses")},
        {"sign_with": rsa_key("rsa-2"), "header": {"kid": "rsa-1"}},
        {"alg": "none"},
        {"alg": "HS256/pem"},
        {"alg": "HS256/der"},
        {"alg": "HS256/jwk"},
        {"alg": "ES256", "sign_with": ec_key()},
        {"alg": "RS384"},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "secevent+jwt"}},
        {"header": {"typ": 1}},
        {"header": {"jwk": {}}},
        {"header": {"crit": ["exp"]}},
        {"iss": "https://evil.example"},
        {"iss": MISSING},
        {"aud": "another"},
        {"aud": ["headlamp", "another"]},
        {"aud": MISSING},
        {"aud": []},
        {"azp": "another"},
        {"iat": MISSING},
        {"iat": "now"},
        {"iat": NOW - 700, "exp": NOW + 3600},
        {"iat": NOW + 300},
        {"exp": MISSING},
        {"exp": NOW - 61},
        {"nbf": NOW + 300},
        {"events": MISSING},
        {"events": {}},
        {"events": EVENT},
        {"events": [EVENT]},
        {"events": {EVENT: True}},
        {"events": {EVENT: None}},
        {"events": {EVENT: "{}"}},
        {"events": {f"{EVENT}/": {}}},
        {"events": {"http://schemas.openid.net/event/frontchannel-logout": {}}},
        {"nonce": "n"},
        {"nonce": None},
        {"sub": MISSING, "sid": MISSING},
        {"sub": None, "sid": None},
        {"sub": "", "sid": MISSING},
        {"sub": 1, "sid": MISSING},
        {"sid": ["x"]},
        {"sid": {}, "sub": "alice"},
        {"jti": MISSING},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 2000},
    ],
    ids=named,
)
async def test_i2_a_logout_token_that_is_not_right_ends_nothing(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async with whole_server(tmp_path, now=Clock(float(NOW))) as whole, whole.browser() as browser:
        await browser.sign_in()
        token = whole.idp.logout_token(**wrong)
        answer = await whole.idp.send_logout_token(token, uri=f"{whole.url}{PATH}")
        assert answer.status == 400, wrong
        assert error_of(answer) == "invalid_request"
        assert token not in answer.text
        assert await alive(browser)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJ9.e30.", "." * 5, "é.é.é"])
async def test_i2_what_is_no_token_ends_nothing(whole: Whole, token: str) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        answer = await whole.idp.send_logout_token(token)
        assert answer.status == 400
        assert error_of(answer) == "invalid_request"
        assert await alive(browser)


async def test_i2_a_request_that_is_not_a_form_with_one_token_ends_nothing(whole: Whole) -> None:
    async with whole.browser() as browser, whole.browser() as provider:
        await browser.sign_in()
        token = whole.idp.logout_token()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for options in (
            {"json": {"logout_token": token}},
            {"data": token},
            {"data": b""},
            {"data": f"logout_token={token}&logout_token={token}", "headers": form},
            {"data": f"token={token}", "headers": form},
            {"data": f"logout_token={token}", "headers": {"Content-Type": "text/plain"}},
            {"data": "a=b&" * 40 + f"logout_token={token}", "headers": form},
            {"data": f"logout_token={token}&x=" + "x" * 200_000, "headers": form},
            {"data": b"logout_token=\xff\xfe", "headers": form},
        ):
            assert (await provider.request("POST", PATH, **options)).status == 400, options
        assert (await provider.request("PUT", PATH, data={"logout_token": token})).status in (403, 405)
        await provider.get(f"{PATH}?logout_token={token}")
        assert await alive(browser)
        # It is the request that was wrong each time.
        assert (await post(whole, token)).status == 200
        assert not await alive(browser)


# Whose session ends


async def test_i3_a_sid_ends_that_session_and_no_other(whole: Whole) -> None:
    async with whole.browser() as first, whole.browser() as second, whole.browser() as bobs:
        await first.sign_in("alice")
        await second.sign_in("alice")
        await bobs.sign_in("bob")
        token = whole.idp.logout_token(sid=sid_of(whole, 0), sub="alice")
        assert (await post(whole, token)).status == 200
        assert [await alive(browser) for browser in (first, second, bobs)] == [False, True, True]


async def test_i3_a_sub_alone_ends_all_sessions_of_that_person_and_nobody_elses(whole: Whole) -> None:
    async with whole.browser() as first, whole.browser() as second, whole.browser() as bobs:
        await first.sign_in("alice")
        await second.sign_in("alice")
        await bobs.sign_in("bob")
        assert (await post(whole, whole.idp.logout_token(sid=MISSING, sub="alice"))).status == 200
        assert [await alive(browser) for browser in (first, second, bobs)] == [False, False, True]


@pytest.mark.parametrize("unknown", [{"sid": "nobodys"}, {"sid": MISSING, "sub": "nobody"}])
async def test_i3_what_nobody_here_has_is_answered_as_done(whole: Whole, unknown: dict[str, Any]) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert (await post(whole, whole.idp.logout_token(**unknown))).status == 200
        assert await alive(browser)


async def test_i3_the_sid_decides_whatever_the_sub_says(whole: Whole) -> None:
    async with whole.browser() as alices, whole.browser() as bobs:
        await alices.sign_in("alice")
        await bobs.sign_in("bob")
        await post(whole, whole.idp.logout_token(sid=sid_of(whole, 1), sub="alice"))
        assert [await alive(browser) for browser in (alices, bobs)] == [True, False]


async def test_b6_what_was_opened_with_the_session_closes_at_once(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with browser.http.ws_connect(f"{whole.url}/api/live", headers={"Origin": whole.url}) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await post(whole, whole.idp.logout_token())
            assert await close_code(socket, within=30) == 4401


async def test_i3_a_session_ends_in_every_process_whichever_is_told(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    shared: dict[str, Any] = {"session_store": f"sqlite:///{tmp_path}/shared.db", "state_dir": tmp_path / "state"}
    async with (
        whole_server(tmp_path / "one", **shared) as one,
        whole_server(tmp_path / "two", idp=one.idp, **shared) as two,
        one.browser() as browser,
    ):
        await browser.sign_in()
        async with browser.http.ws_connect(f"{one.url}/api/live", headers={"Origin": one.url}) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            assert (await post(two, one.idp.logout_token())).status == 200
            assert await close_code(socket, within=30) == 4401
        assert not await alive(browser)


NO_FLAGS: dict[str, Any] = {"oidc_client_id": "", "oidc_idp_issuer_url": "", "oidc_client_secret": None}


def naming_the_provider(whole: Whole, kubeconfig: dict[str, Any]) -> str:
    """The kubeconfig with the provider of `whole` in the place of its user's credentials."""
    config = {
        "idp-issuer-url": whole.idp.issuer,
        "client-id": whole.idp.client_id,
        "client-secret": whole.idp.client_secret,
    }
    user = {"name": "somebody", "user": {"auth-provider": {"name": "oidc", "config": config}}}
    return json.dumps({**kubeconfig, "users": [user]})


async def test_i3_a_provider_that_a_kubeconfig_names_counts_too(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = tmp_path / "other" / "own"
    async with whole_server(tmp_path) as default:
        path.write_text(naming_the_provider(default, json.loads((tmp_path / "kubeconfig").read_text())))
        async with (
            whole_server(tmp_path / "other", idp=default.idp, kubeconfig=str(path), **NO_FLAGS) as whole,
            whole.browser() as browser,
        ):
            await browser.sign_in()
            assert await alive(browser)
            assert (await post(whole, whole.idp.logout_token())).status == 200
            assert not await alive(browser)


async def test_i3_a_provider_that_came_with_the_kubeconfig_a_moment_ago_counts_too(tmp_path: Path) -> None:
    async with whole_server(tmp_path, **NO_FLAGS) as whole:
        token = whole.idp.logout_token()
        assert (await post(whole, token)).status == 400
        path = tmp_path / "kubeconfig"
        path.write_text(naming_the_provider(whole, json.loads(path.read_text())))
        # The first that this server hears of the new file is the logout token.
        async with asyncio.timeout(30):
            while (await post(whole, token)).status != 200:
                await asyncio.sleep(0.2)


async def test_i3_refresh_tokens_of_the_session_are_revoked(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await post(whole, whole.idp.logout_token())
        await until(lambda: whole.idp.calls("revocation") == 1)
    assert whole.idp.last("revocation").form["token"] == whole.idp.grants.all[-1].refresh_token


async def test_i3_those_for_offline_access_are_not(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_scopes=("profile", "offline_access")) as whole, whole.browser() as browser:
        await browser.sign_in()
        assert (await post(whole, whole.idp.logout_token())).status == 200
        assert not await alive(browser)
    # The server has ended, and with it all that it had under way.
    assert whole.idp.calls("revocation") == 0


async def test_h3_a_logout_that_overtakes_the_sign_in_is_not_lost(whole: Whole) -> None:
    async with whole.browser() as browser:
        for right in NAMED_BY_SID_OR_SUB:
            address = await browser.callback_address("/")
            answering = asyncio.Event()
            whole.idp.deviations.held = {"userinfo": answering}
            before = whole.idp.calls("userinfo")
            finishing = asyncio.create_task(browser.get(address))
            async with asyncio.timeout(30):
                while whole.idp.calls("userinfo") == before:
                    await asyncio.sleep(0.01)
            assert (await post(whole, whole.idp.logout_token(**right))).status == 200
            answering.set()
            answer = await finishing
            assert (answer.status, answer.headers["X-Headlamp-Code"]) == (401, "session.ended")
            assert not await alive(browser)
        assert (await browser.sign_in()).status == 303
        assert await alive(browser)


# Other tokens, and the same one twice


async def test_i4_an_id_token_is_no_logout_token(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await alive(browser)
        id_token = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
        answer = await post(whole, id_token)
        assert answer.status == 400
        assert await alive(browser)


async def test_i4_an_id_token_without_a_nonce_is_none_either(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        forged = whole.idp.logout_token(header={"typ": "JWT"}, events=MISSING, jti=MISSING, name="Alice")
        assert (await post(whole, forged)).status == 400
        assert await alive(browser)


async def test_i4_a_logout_token_is_no_id_token(whole: Whole) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/")
        whole.idp.deviations.raw_id_token = whole.idp.logout_token()
        assert (await browser.get(address)).status == 400
        assert not await alive(browser)


async def test_i5_a_logout_token_works_once(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        token = whole.idp.logout_token(sid=MISSING)
        assert (await post(whole, token)).status == 200
        await browser.sign_in()
        again = await post(whole, token)
        assert (again.status, (await again.json())["code"]) == (400, "oidc.logout_token_replayed")
        assert await alive(browser)


async def test_i5_a_logout_token_works_once_in_all_processes_together(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    shared: dict[str, Any] = {"session_store": f"sqlite:///{tmp_path}/shared.db", "state_dir": tmp_path / "state"}
    async with (
        whole_server(tmp_path / "one", **shared) as one,
        whole_server(tmp_path / "two", idp=one.idp, **shared) as two,
    ):
        token = one.idp.logout_token(sid="x")
        statuses = [answer.status for answer in await asyncio.gather(*(post(w, token) for w in (one, two) * 5))]
        assert sorted(statuses) == [200] + [400] * 9


async def test_i5_a_logout_token_is_remembered_for_as_long_as_it_is_valid(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole:
        token = whole.idp.logout_token()
        assert (await post(whole, token)).status == 200
        for _ in range(4):
            clock.seconds += 59
            assert (await post(whole, token)).status == 400


async def test_i5_a_logout_token_that_the_store_kept_from_working_may_come_again(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[bytes]:
        raise StoreUnavailable("disk full")

    async with whole.browser() as browser:
        await browser.sign_in()
        token = whole.idp.logout_token()
        monkeypatch.setattr(MemoryStore, "find", broken)
        failed = await post(whole, token)
        assert (failed.status, (await failed.json())["error"]) == (400, "temporarily_unavailable")
        assert await alive(browser)
        monkeypatch.undo()
        assert (await post(whole, token)).status == 200
        assert not await alive(browser)
        assert (await post(whole, token)).status == 400


# The request and the answer


async def test_i6_nothing_of_the_exchange_is_kept_by_anybody_and_no_cookie_counts(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
        for token, status in ((whole.idp.logout_token(sid="x"), 200), ("x", 400)):
            answer = await post(whole, token, headers={"Cookie": cookies, "Origin": "https://idp.example"})
            assert answer.status == status
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
        assert await alive(browser)


async def test_i6_the_answer_to_a_wrong_request_says_why(whole: Whole) -> None:
    answer = await whole.idp.send_logout_token(whole.idp.logout_token(events=MISSING))
    body = json.loads(answer.text)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (body["error"], body["status"]) == ("invalid_request", 400)
    assert "no event" in body["detail"]


async def test_i6_a_provider_whose_keys_cannot_be_had_is_told_that_it_failed(whole: Whole) -> None:
    whole.idp.deviations.status = {"jwks": (500, {})}
    answer = await whole.idp.send_logout_token(whole.idp.logout_token())
    assert (answer.status, error_of(answer)) == (400, "temporarily_unavailable")
    assert "500" in answer.text


async def test_a8_a_flood_of_made_up_key_ids_fetches_the_keys_once_more_and_then_not_again(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole:
        for number in range(30):
            token = whole.idp.logout_token(header={"kid": f"made-up-{number}"})
            assert (await post(whole, token)).status == 400
        assert whole.idp.calls("jwks") == 2
        clock.seconds += 10
        assert (await post(whole, whole.idp.logout_token(header={"kid": "another"}))).status == 400
        assert whole.idp.calls("jwks") == 3


async def test_a8_a_flood_while_the_keys_cannot_be_had_does_not_reach_the_provider(tmp_path: Path) -> None:
    async with whole_server(tmp_path, now=Clock()) as whole:
        whole.idp.deviations.status = {"jwks": (500, {})}
        for _ in range(10):
            assert (await post(whole, whole.idp.logout_token())).status == 400
        assert whole.idp.calls("jwks") == 1


async def test_a8_a_logout_token_of_nobody_asks_nobody(whole: Whole) -> None:
    assert (await post(whole, whole.idp.logout_token(iss="https://evil.example"))).status == 400
    assert (await post(whole, whole.idp.logout_token(aud="another"))).status == 400
    assert whole.idp.seen == []
