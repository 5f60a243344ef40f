"""The provider of these tests does itself what it says: otherwise a client could pass here and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import aiohttp
import pytest
from tests.adversarial.client_check import ASSERTION_TYPE
from tests.adversarial.deviations import MISSING
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.relying_party import Clock
from tests.adversarial.signing import b64, ec_key, sign

REDIRECT_URI = "http://localhost:4466/oidc-callback"
VERIFIER = "v" * 43
Asked = tuple[int, dict[str, Any]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def authorize(http: aiohttp.ClientSession, idp: MisbehavingProvider, **changes: str) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": idp.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid offline_access",
        "state": "s",
        "nonce": "n",
        "code_challenge": b64(hashlib.sha256(VERIFIER.encode()).digest()),
        "code_challenge_method": "S256",
        **changes,
    }
    async with http.get(f"{idp.issuer}/authorize?{urlencode(asked)}", allow_redirects=False) as response:
        assert response.status == 302
        return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


async def ask(http: aiohttp.ClientSession, idp: MisbehavingProvider, form: dict[str, str], basic: str = "") -> Asked:
    headers = {"Authorization": "Basic " + base64.b64encode(basic.encode()).decode()} if basic else {}
    async with http.post(f"{idp.issuer}/token", data=form, headers=headers) as response:
        return response.status, await response.json()


async def sign_in(http: aiohttp.ClientSession, idp: MisbehavingProvider) -> dict[str, Any]:
    code = (await authorize(http, idp))["code"]
    return (await ask(http, idp, code_form(code), basic=f"{idp.client_id}:{idp.client_secret}"))[1]


def code_form(code: str, verifier: str = VERIFIER) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }


def refresh_form(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token, "client_id": "headlamp"}


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def test_a_secret_with_reserved_characters_counts_only_as_the_specification_encodes_it(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    idp.client_secret = "a+b:c%20 &ü"
    encoded = f"headlamp:{quote_plus(idp.client_secret)}"
    plain = f"headlamp:{idp.client_secret}"
    assert (await ask(http, idp, code_form((await authorize(http, idp))["code"]), basic=plain))[0] == 401
    assert (await ask(http, idp, code_form((await authorize(http, idp))["code"]), basic=encoded))[0] == 200


async def test_a_client_uses_one_method_and_the_one_that_it_is_registered_with(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    posted = {"client_id": "headlamp", "client_secret": str(idp.client_secret)}
    basic = f"headlamp:{idp.client_secret}"
    code = (await authorize(http, idp))["code"]
    assert (await ask(http, idp, {**code_form(code), **posted}, basic=basic))[0] == 401
    assert (await ask(http, idp, {**code_form(code), "client_id": "headlamp"}))[0] == 401
    idp.habits = Habits(client_auth="client_secret_basic")
    assert (await ask(http, idp, {**code_form(code), **posted}))[0] == 401
    idp.habits = Habits(client_auth="client_secret_post")
    assert (await ask(http, idp, {**code_form(code), **posted}))[0] == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"aud": "https://other.example.com"}, 401),
        ({"iss": "another"}, 401),
        ({"sub": MISSING}, 401),
        ({"exp": 0}, 401),
        ({"exp": MISSING}, 401),
        ({"jti": MISSING}, 401),
    ],
)
async def test_an_assertion_of_the_client_is_verified(
    http: aiohttp.ClientSession, idp: MisbehavingProvider, clock: Clock, change: dict[str, Any], status: int
) -> None:
    idp.client_secret, idp.client.keys = None, [ec_key("client").jwk()]
    right = {"iss": "headlamp", "sub": "headlamp", "aud": idp.issuer, "jti": "once", "exp": int(clock()) + 60}
    sent = {name: value for name, value in {**right, **change}.items() if value is not MISSING}
    form = code_form((await authorize(http, idp))["code"]) | {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": sign(sent, ec_key("client"), "ES256"),
    }
    assert (await ask(http, idp, form))[0] == status
    forged = form | {"client_assertion": sign(sent, ec_key("attacker"), "ES256", {"kid": "client"})}
    assert (await ask(http, idp, forged))[0] == 401
    # The same assertion again
    assert (await ask(http, idp, form))[0] == 401


async def test_a_code_needs_its_verifier_and_is_good_once(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    basic = f"headlamp:{idp.client_secret}"
    wrong = (await authorize(http, idp))["code"]
    assert (await ask(http, idp, code_form(wrong, "w" * 43), basic=basic))[1]["error"] == "invalid_grant"
    code = (await authorize(http, idp))["code"]
    status, tokens = await ask(http, idp, code_form(code), basic=basic)
    assert status == 200
    assert (await ask(http, idp, code_form(code), basic=basic))[0] == 400
    assert (await ask(http, idp, refresh_form(tokens["refresh_token"]), basic=basic))[0] == 400


@pytest.mark.parametrize("revokes", [True, False])
async def test_a_refresh_token_that_comes_twice_ends_the_family_or_not(
    http: aiohttp.ClientSession, idp: MisbehavingProvider, revokes: bool
) -> None:
    idp.habits = Habits(reuse_revokes_all=revokes)
    basic = f"headlamp:{idp.client_secret}"
    first = (await sign_in(http, idp))["refresh_token"]
    second = (await ask(http, idp, refresh_form(first), basic=basic))[1]["refresh_token"]
    assert (await ask(http, idp, refresh_form(first), basic=basic))[1] == {"error": "invalid_grant"}
    assert (await ask(http, idp, refresh_form(second), basic=basic))[0] == (400 if revokes else 200)


async def test_a_second_sign_in_ends_the_first_ones_refresh_where_there_is_one_token_a_person(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    idp.habits = Habits(one_refresh_token_per_person=True, refuses_refresh_with="invalid_request")
    basic = f"headlamp:{idp.client_secret}"
    first, second = [(await sign_in(http, idp))["refresh_token"] for _ in range(2)]
    assert await ask(http, idp, refresh_form(first), basic=basic) == (400, {"error": "invalid_request"})
    assert (await ask(http, idp, refresh_form(second), basic=basic))[0] == 200


async def test_prompt_and_max_age_are_honoured(
    http: aiohttp.ClientSession, idp: MisbehavingProvider, clock: Clock
) -> None:
    idp.auth_time = clock() - 1000
    for asked, age in (({}, 1000), ({"max_age": "2000"}, 1000), ({"max_age": "60"}, 0), ({"prompt": "login"}, 0)):
        code = (await authorize(http, idp, **asked))["code"]
        tokens = (await ask(http, idp, code_form(code), basic=f"headlamp:{idp.client_secret}"))[1]
        assert clock() - claims(tokens["id_token"])["auth_time"] == age
    idp.signed_in = False
    assert (await authorize(http, idp, prompt="none"))["error"] == "login_required"


async def test_a_revoked_token_ends_its_sign_in(http: aiohttp.ClientSession, idp: MisbehavingProvider) -> None:
    basic = f"headlamp:{idp.client_secret}"
    tokens = await sign_in(http, idp)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with http.get(f"{idp.issuer}/userinfo", headers=bearer) as response:
        assert response.status == 200
    form = {"token": tokens["refresh_token"], "client_id": "headlamp", "client_secret": str(idp.client_secret)}
    async with http.post(f"{idp.issuer}/revocation", data=form) as response:
        assert response.status == 200
    async with http.get(f"{idp.issuer}/userinfo", headers=bearer) as response:
        assert response.status == 401
    assert (await ask(http, idp, refresh_form(tokens["refresh_token"]), basic=basic))[0] == 400


async def test_signing_out_at_the_provider_needs_a_registered_address_and_a_hint_of_its_own(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    home = "http://localhost:4466/signed-out"
    idp.post_logout_redirect_uris = {home}
    hint = (await sign_in(http, idp))["id_token"]
    end = f"{idp.issuer}/end_session"
    async with http.post(end, data={"id_token_hint": hint, "post_logout_redirect_uri": home + "x"}) as response:
        assert response.status == 400
    async with http.post(end, data={"id_token_hint": hint[:-8] + "AAAAAAAA"}) as response:
        assert response.status == 400
    form = {"id_token_hint": hint, "post_logout_redirect_uri": home, "state": "s"}
    async with http.post(end, data=form, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, home + "?state=s")
    named = urlencode({"client_id": "headlamp", "post_logout_redirect_uri": home})
    async with http.get(f"{end}?{named}", allow_redirects=False) as response:
        assert response.status == 302
    idp.habits = Habits(redirects_without_hint=False)
    async with http.get(f"{end}?{named}", allow_redirects=False) as response:
        assert response.status == 200


async def test_a_logout_token_has_what_the_specification_asks_for_and_what_a_test_changes(
    http: aiohttp.ClientSession, idp: MisbehavingProvider
) -> None:
    signed_in = claims((await sign_in(http, idp))["id_token"])
    right = claims(idp.logout_token())
    assert {name: right[name] for name in ("iss", "aud", "sub", "sid")} == {
        name: signed_in[name] for name in ("iss", "aud", "sub", "sid")
    }
    assert right["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in right
    assert "sid" not in claims(idp.logout_token(sid=MISSING, nonce="n"))
