"""A sign-in through the whole server that somebody tampers with (A1 to A5, A8, A10, A11, A13, E6)."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import pytest
import yarl
from tests.adversarial.deviations import MISSING, Deviations, key_set_bytes
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.relying_party import Clock
from tests.adversarial.signing import ec_key, rsa_key, sign
from tests.support.whole import Browser, Whole, whole_server

LIST = "/clusters/main/api/v1/pods"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


@pytest.fixture
async def other_idp() -> AsyncIterator[MisbehavingProvider]:
    provider = MisbehavingProvider(client_id="elsewhere")
    await provider.start()
    yield provider
    await provider.stop()


def kubeconfig_user(idp: MisbehavingProvider) -> dict[str, Any]:
    """An entry of a kubeconfig that makes `idp` the provider of its contexts."""
    config = {"idp-issuer-url": idp.issuer, "client-id": idp.client_id, "client-secret": idp.client_secret}
    return {"auth-provider": {"name": "oidc", "config": config}}


def parameters(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def swapped(text: str, place: int) -> str:
    """`text` with another letter at one place."""
    letters = list(text)
    letters[place] = "A" if letters[place] != "A" else "B"
    return "".join(letters)


def with_parameters(address: str, **changes: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode({**parameters(address), **changes})))


async def signed_in(browser: Browser) -> bool:
    return bool((await (await browser.get("/api/session")).json())["signed_in"])


async def name_of(browser: Browser) -> str:
    return str((await (await browser.get("/api/session")).json())["user"]["name"])


async def test_a1_state_and_nonce_are_new_each_time_and_have_128_bits(whole: Whole) -> None:
    seen: set[str] = set()
    async with whole.browser() as browser:
        for _ in range(20):
            asked = parameters((await browser.get("/oidc?cluster=main")).headers["Location"])
            for name, least in (("state", 16), ("nonce", 16), ("code_challenge", 32)):
                value = asked[name]
                assert len(base64.urlsafe_b64decode(value + "==")) >= least
                seen.add(value)
    assert len(seen) == 60


async def test_a1_the_answer_of_a_sign_in_that_another_browser_started_makes_no_session(whole: Whole) -> None:
    """The attacker's code and state, in a victim's browser that has a sign-in of its own under way, and a session."""
    async with whole.browser() as attacker, whole.browser() as victim:
        whole.idp.user = "bob"
        address = await attacker.callback_address("/")
        await victim.callback_address("/")
        answer = await victim.get(address)
        assert answer.status == 400
        assert not await signed_in(victim)
        await victim.sign_in("alice")
        assert (await victim.get(address)).status == 400
        assert await name_of(victim) == "alice"
        # What was stolen is of no use to a third browser either, and still good where it belongs.
        assert (await attacker.get(address)).status == 303


async def test_a2_an_attackers_code_under_the_victims_state_is_refused(whole: Whole) -> None:
    async with whole.browser() as attacker, whole.browser() as victim:
        stolen = parameters(await attacker.callback_address("/"))["code"]
        mine = await victim.callback_address("/")
        assert (await victim.get(with_parameters(mine, code=stolen))).status == 400
        assert not await signed_in(victim)


@pytest.mark.parametrize("ignores_pkce", [True, False])
async def test_a2_without_pkce_the_nonce_still_refuses_an_attackers_code(whole: Whole, ignores_pkce: bool) -> None:
    whole.idp.deviations = Deviations(ignores_pkce=ignores_pkce)
    async with whole.browser() as attacker, whole.browser() as victim:
        stolen = parameters(await attacker.callback_address("/"))["code"]
        answer = await victim.get(with_parameters(await victim.callback_address("/"), code=stolen), headers=HTML)
        assert answer.status == 400
        code = "oidc.nonce" if ignores_pkce else "oidc.code_refused"
        assert answer.headers["X-Headlamp-Code"] == code
        assert not await signed_in(victim)


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None])
async def test_a2_an_answer_that_does_not_name_its_issuer_rightly_is_refused_and_its_code_goes_nowhere(
    whole: Whole, issuer: str | None
) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/")
        params = parameters(address)
        if issuer is None:
            del params["iss"]
        else:
            params["iss"] = issuer
        wrong = urlunsplit(urlsplit(address)._replace(query=urlencode(params)))
        assert (await browser.get(wrong)).status == 400
        assert not await signed_in(browser)
        assert whole.idp.token_calls == 0


@pytest.mark.parametrize("names_issuer", [True, False])
async def test_a2_code_and_state_of_two_providers_cannot_be_swapped(
    tmp_path: Path, other_idp: MisbehavingProvider, names_issuer: bool
) -> None:
    users = {"second": kubeconfig_user(other_idp)}
    async with whole_server(tmp_path, users=users) as whole, whole.browser() as browser:
        for idp in (whole.idp, other_idp):
            idp.habits = Habits(names_issuer_in_response=names_issuer)
        here = await browser.callback_address("/", cluster="main")
        there = await browser.callback_address("/", cluster="second")
        for one, other in ((here, there), (there, here)):
            mixed = with_parameters(one, **{n: v for n, v in parameters(other).items() if n != "state"})
            assert (await browser.get(mixed)).status == 400
            assert not await signed_in(browser)
        # And each where it belongs.
        assert (await browser.get(await browser.callback_address("/", cluster="second"))).status == 303
        assert other_idp.last("token").form["grant_type"] == "authorization_code"


async def test_a1_an_answer_is_taken_once_though_the_clock_of_whoever_began_was_ahead(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        clock.seconds += 50
        address = await browser.callback_address("/")
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items())}
        clock.seconds -= 50
        assert (await browser.get(address, headers=cookies)).status == 303
        clock.seconds += 630
        assert (await browser.get(address, headers=cookies)).status == 400
        assert whole.idp.token_calls == 1


async def test_a_sign_in_ends_with_the_very_entry_that_it_began_with(
    tmp_path: Path, other_idp: MisbehavingProvider
) -> None:
    stale, right = kubeconfig_user(other_idp), kubeconfig_user(other_idp)
    stale["auth-provider"]["config"]["client-secret"] = "of last year"
    users = {"first": stale, "second": right, "third": stale}
    async with whole_server(tmp_path, users=users) as whole, whole.browser() as browser:
        address = await browser.callback_address("/", cluster="second")
        # Somebody else's page asks about all clusters meanwhile.
        await browser.get("/api/session")
        assert (await browser.get(address)).status == 303


async def test_a2_the_login_url_takes_no_registration_from_whoever_wrote_it(whole: Whole) -> None:
    evil = {
        "client_id": "evil",
        "redirect_uri": "https://evil.example/",
        "jwks_uri": "https://evil.example/keys",
        "issuer": "https://evil.example",
        "iss": "https://evil.example",
        "nonce": "evil",
        "state": "evil",
        "code_challenge": "evil",
        "code_challenge_method": "plain",
        "response_type": "token",
        "response_mode": "fragment",
        "request": "evil",
        "request_uri": "https://evil.example/request",
        "scope": "openid evil",
        "claims": "evil",
    }
    async with whole.browser() as browser:
        start = await browser.get(f"/oidc?cluster=main&{urlencode(evil)}", headers={"Host": "localhost"})
        location = start.headers["Location"]
        assert location.startswith(f"{whole.idp.issuer}/authorize?")
        assert "evil" not in location
        asked = parse_qs(urlsplit(location).query)
        assert (asked["client_id"], asked["response_type"]) == ([whole.idp.client_id], ["code"])
        assert asked["code_challenge_method"] == ["S256"]
        assert (await browser.get("/oidc?provider=https://evil.example")).status in (400, 404)


async def test_a3_identity_comes_from_the_verified_id_token_and_from_no_cookie(whole: Whole) -> None:
    forged = sign({"sub": "mallory", "preferred_username": "admin", "groups": ["system:masters"]}, rsa_key("evil"))
    port = whole.running.port
    planted = {
        f"headlamp-{port}": "A" * 64,
        "user": "admin",
        "id_token": forged,
        "headlamp-auth-main.0": forged,
        f"headlamp-{port}-login-0": "A" * 400,
    }
    async with whole.browser() as browser:
        browser.http.cookie_jar.update_cookies(planted, yarl.URL(whole.url))
        await browser.sign_in("bob")
        session = await (await browser.get("/api/session")).json()
        assert (session["user"]["name"], session["user"]["groups"]) == ("bob", ["viewers"])
        await browser.get(LIST)
        (sent,) = whole.upstream.last.values("Authorization")
        assert forged not in sent
        claims = json.loads(base64.urlsafe_b64decode(sent.split(".")[1] + "=="))
        assert claims["sub"] == "bob"


async def test_a3_a_sign_in_cookie_that_was_changed_or_is_old_finishes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        address = await browser.callback_address("/")
        ((name, value),) = browser.cookies().items()
        async with whole.browser() as tampered:
            for changed in (swapped(value, 0), swapped(value, 100), swapped(value, -8), value[:100], ""):
                assert (await tampered.get(address, headers={"Cookie": f"{name}={changed}"})).status == 400
            clock.seconds += 601
            assert (await tampered.get(address, headers={"Cookie": f"{name}={value}"})).status == 400
        assert whole.idp.token_calls == 0


@pytest.mark.parametrize(
    "deviations",
    [
        Deviations(id_token={"iss": "https://evil.example"}),
        Deviations(missing=("sub",)),
        Deviations(missing=("iat",)),
        Deviations(id_token={"exp": 1}),
        Deviations(id_token={"nbf": 9_999_999_999}),
        Deviations(id_token={"nonce": "another"}),
        Deviations(missing=("nonce",)),
        Deviations(id_token={"aud": "another"}),
        Deviations(id_token={"aud": ["headlamp", "another"], "azp": "headlamp"}),
        Deviations(id_token={"aud": ["headlamp", "trusted"], "azp": "trusted"}),
        Deviations(id_token={"aud": ["headlamp", "trusted"]}),
        Deviations(alg="none"),
        Deviations(alg="HS256/pem"),
    ],
    ids=lambda deviations: f"{dict(deviations.id_token)}{deviations.missing}{deviations.alg or ''}",
)
async def test_a4_a5_a6_an_id_token_that_is_not_right_makes_no_session_and_is_told_on_a_page(
    tmp_path: Path, deviations: Deviations
) -> None:
    async with (
        whole_server(tmp_path, oidc_trusted_audiences=("trusted",)) as whole,
        whole.browser() as browser,
    ):
        whole.idp.deviations = deviations
        answer = await browser.get(await browser.callback_address("/"), headers=HTML)
        assert answer.status == 400
        assert answer.content_type == "text/html"
        assert not await signed_in(browser)
        assert (await browser.get(LIST)).status == 401
        assert whole.upstream.requests == []


async def test_a5_an_audience_beside_ours_counts_where_it_is_configured(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_trusted_audiences=("trusted",)) as whole, whole.browser() as browser:
        whole.idp.deviations = Deviations(id_token={"aud": ["trusted", "headlamp"], "azp": "headlamp"})
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200


@pytest.mark.parametrize(
    "deviations",
    [
        Deviations(body={"jwks": b" " * 10_000_000}),
        Deviations(body={"jwks": key_set_bytes(*[{"kty": "RSA", "kid": str(n)} for n in range(10_000)])}),
        Deviations(redirect={"jwks": "http://127.0.0.1:9/keys"}),
        Deviations(metadata={"jwks_uri": "http://idp.example.com/keys"}),
        Deviations(metadata={"issuer": "https://evil.example"}),
    ],
    ids=["10 MB", "10,000 keys", "redirect", "http", "issuer"],
)
async def test_a8_keys_and_metadata_that_can_t_be_used_end_the_first_sign_in_with_words(
    whole: Whole, deviations: Deviations
) -> None:
    whole.idp.deviations = deviations
    async with whole.browser() as browser:
        start = await browser.get("/oidc?cluster=main&return_to=/", headers=HTML)
        if start.status == 302:
            agreed = await browser.get(start.headers["Location"])
            start = await browser.get(agreed.headers["Location"], headers=HTML)
        assert start.status in (502, 503)
        assert start.headers["X-Headlamp-Code"].startswith("oidc.")
        assert not await signed_in(browser)


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://evil.example"}, {"sub": "mallory"}, {"aud": "another"}, {"azp": "another"}],
    ids=str,
)
async def test_a10_a_renewal_for_somebody_else_ends_the_session_and_is_an_alert(
    tmp_path: Path, claims: dict[str, Any], log: io.StringIO
) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items())}
        assert (await browser.get(LIST)).status == 200
        whole.idp.deviations = Deviations(refreshed_id_token=claims)
        clock.seconds += whole.idp.id_token_ttl + 120
        heard = len(whole.upstream.requests)
        assert (await browser.get(LIST, headers=cookie)).status == 401
        whole.idp.deviations = Deviations()
        assert (await browser.get(LIST, headers=cookie)).status == 401
        assert not await signed_in(browser)
        assert len(whole.upstream.requests) == heard
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line for line in lines if line["level"] in ("error", "critical") and "somebody else" in line["event"]]


@pytest.mark.parametrize(
    "error",
    ["access_denied", "login_required", "interaction_required", "consent_required", "invalid_scope", "server_error"],
)
async def test_a11_an_error_of_the_provider_is_a_page_without_a_loop(whole: Whole, error: str) -> None:
    html = "<script>alert(1)</script><meta http-equiv=refresh content=0>"
    whole.idp.deviations = Deviations(
        authorization_response={"error": error, "error_description": html, "code": MISSING}
    )
    async with whole.browser() as browser:
        answer = await browser.get(await browser.callback_address("/c/main/pods"), headers=HTML)
        text = await answer.text()
        assert answer.status >= 400
        assert "Location" not in answer.headers
        assert "Refresh" not in answer.headers
        assert html not in text
        assert "<script>alert" not in text
        assert not re.search(r"<meta[^>]*refresh", text, re.IGNORECASE)
        assert whole.idp.calls("authorize") == 1
        assert whole.idp.token_calls == 0
        # The way on is a link or a button, for a person to press.
        assert re.search(r"<(a|form)\b[^>]*\b(href|action)=", text)


async def test_a13_of_thirty_tabs_those_that_come_too_late_are_told_and_harm_nobody(whole: Whole) -> None:
    async with whole.browser() as browser:
        addresses = [await browser.callback_address(f"/c/main/pods?q={tab}") for tab in range(30)]
        statuses = [(await browser.get(address, headers=HTML)).status for address in reversed(addresses)]
        assert statuses == [303] * 5 + [400] * 25
        # Tabs whose sign-in was pushed out did nothing to the session of the others.
        assert await signed_in(browser)
        assert (await browser.get(LIST)).status == 200
        late = await browser.get(addresses[0], headers=HTML)
        assert re.search(r"<(a|form)\b[^>]*\b(href|action)=", await late.text())


async def test_a13_a_tab_that_asks_without_a_cookie_takes_none_away(whole: Whole) -> None:
    """Its answer may arrive after that of another tab, whose sign-in has just been finished."""
    async with whole.browser() as tab:
        for path in ("/api/session", "/"):
            assert "Set-Cookie" not in (await tab.get(path)).headers, path


@pytest.mark.parametrize("count", [1, 5, 30])
async def test_a13_no_answer_and_no_request_of_a_sign_in_has_too_large_a_head(whole: Whole, count: int) -> None:
    async with whole.browser() as browser:
        long = "/c/main/pods?q=" + quote("x" * 4000, safe="")
        for _ in range(count):
            start = await browser.get(f"/oidc?cluster=main&return_to={quote(long, safe='')}")
            assert sum(len(name) + len(value) + 4 for name, value in start.headers.items()) < 3072
        assert sum(len(f"{name}={value}; ") for name, value in browser.cookies().items()) < 3500


async def test_e6_people_who_share_name_and_address_are_two_people(whole: Whole) -> None:
    """Nothing is decided by `email`, `preferred_username` or `name`: any of them may be whoever's."""
    whole.idp.people["mallory"] = dict(whole.idp.people["alice"])
    async with whole.browser() as alice, whole.browser() as mallory:
        await alice.sign_in("alice")
        await mallory.sign_in("mallory")
        bearers = [json.loads(await (await browser.get(LIST)).text())["bearer"] for browser in (alice, mallory)]
        assert bearers[0] != bearers[1]
        listed = await mallory.get("/api/sessions")
        if listed.status == 200:
            assert len((await listed.json())["sessions"]) == 1
        assert (await mallory.request("DELETE", "/api/session", headers={"Origin": whole.url})).status == 200
        assert await signed_in(alice)


async def test_e6_one_person_whose_name_changed_is_still_the_same(whole: Whole) -> None:
    async with whole.browser() as one, whole.browser() as other:
        await one.sign_in("alice")
        whole.idp.people["alice"] |= {"email": "new@example.com", "preferred_username": "new", "name": "New"}
        await other.sign_in("alice")
        listed = await other.get("/api/sessions")
        assert listed.status == 200
        assert len((await listed.json())["sessions"]) == 2


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil-example.com",
        "/\\evil-example.com",
        "https:evil-example.com",
        "https://localhost.evil-example.com/c/main/pods",
        "https://evil-example.com/localhost",
        "/%2f%2fevil-example.com",
        "/%09/evil-example.com",
        "/%0d%0aSet-Cookie:x=y",
        "/..//evil-example.com",
        "/c/main@evil-example.com",
        "javascript:alert(1)",
        "/auth/callback",
        "/oidc?cluster=main",
        "/c/" + "a" * 10_000,
    ],
)
async def test_d1_to_d7_a_sign_in_comes_back_to_a_page_of_ours_whatever_was_asked(whole: Whole, wanted: str) -> None:
    async with whole.browser() as browser:
        answer = await browser.sign_in(return_to=wanted)
        location = answer.headers["Location"]
        assert answer.status == 303
        assert location in ("/", "/c/main@evil-example.com") or location.startswith("/auth?cluster=")
        landed = urljoin(f"{whole.url}/oidc-callback", location)
        assert urlsplit(landed).netloc == urlsplit(whole.url).netloc
        assert not any("x=y" in value for value in answer.headers.getall("Set-Cookie"))


async def test_a8b_a_good_key_of_another_algorithm_is_rejected_on_a_logout_token(whole: Whole) -> None:
    whole.idp.keys = [rsa_key(), ec_key("other")]
    async with whole.browser() as browser:
        await browser.sign_in()
        for alg, key in (("ES256", ec_key("other")), ("PS256", rsa_key())):
            token = whole.idp.logout_token(alg=alg, sign_with=key)
            answer = await whole.idp.send_logout_token(token, uri=f"{whole.url}/oidc-backchannel-logout")
            assert answer.status == 400
            assert await signed_in(browser)
        token = whole.idp.logout_token()
        assert (await whole.idp.send_logout_token(token, uri=f"{whole.url}/oidc-backchannel-logout")).status == 200
        assert not await signed_in(browser)
