"""The OpenID Foundation's certification plans for relying parties, each module a test against the whole server.

The names are those of the modules: `oidcc-client-test-invalid-iss` of the Basic plan is `test_rp_basic_invalid_iss_…`.
What a module demands is told by each test in its own words; where a module lets a client choose, so does the name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import pytest
from tests.adversarial.deviations import MISSING, Deviations
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.relying_party import Clock
from tests.adversarial.signing import ec_key, rsa_key
from tests.support.checklist import all_tests
from tests.support.whole import Browser, Whole, whole_server

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    # oidcc-client-basic-certification-test-plan
    "basic": (
        "oidcc-client-test",
        "oidcc-client-test-invalid-iss",
        "oidcc-client-test-missing-sub",
        "oidcc-client-test-invalid-aud",
        "oidcc-client-test-missing-iat",
        "oidcc-client-test-kid-absent-single-jwks",
        "oidcc-client-test-kid-absent-multiple-jwks",
        "oidcc-client-test-idtoken-sig-rs256",
        "oidcc-client-test-idtoken-sig-none",
        "oidcc-client-test-invalid-sig-rs256",
        "oidcc-client-test-userinfo-invalid-sub",
        "oidcc-client-test-nonce-invalid",
        "oidcc-client-test-scope-userinfo-claims",
        "oidcc-client-test-client-secret-basic",
    ),
    # oidcc-client-config-certification-test-plan
    "config": (
        "oidcc-client-test-discovery-openid-config",
        "oidcc-client-test-discovery-jwks-uri-keys",
        "oidcc-client-test-discovery-issuer-mismatch",
        "oidcc-client-test-idtoken-sig-none",
        "oidcc-client-test-signing-key-rotation-just-before-signing",
        "oidcc-client-test-signing-key-rotation",
    ),
    # oidcc-client-refreshtoken-test-plan, with the modules that came later
    "refresh": (
        "oidcc-client-test-refresh-token",
        "oidcc-client-test-refresh-token-invalid-issuer",
        "oidcc-client-test-refresh-token-invalid-sub",
        "oidcc-client-test-refresh-token-invalid-aud",
        "oidcc-client-test-refresh-token-invalid-azp",
    ),
    # Modules of the plan that is no part of the certification
    "further": (
        "oidcc-client-test-missing-aud",
        "oidcc-client-test-invalid-sig-hs256",
        "oidcc-client-test-invalid-sig-es256",
        "oidcc-client-test-invalid-athash",
        "oidcc-client-test-missing-athash",
        "oidcc-client-test-userinfo-bearer-header",
        "oidcc-client-test-userinfo-bearer-body",
        "oidcc-client-test-userinfo-signed",
        "oidcc-client-test-ignores-unparseable-key-in-jwks",
        "oidcc-client-test-distributed-claims",
    ),
    # oidcc-client-test-3rd-party-init-login-test-plan
    "third_party": ("oidcc-client-test-3rd-party-init-login",),
    # oidcc-client-rp-initiated-logout-rp-basic
    "logout": (
        "oidcc-client-test-rp-init-logout",
        "oidcc-client-test-rp-init-logout-other-state",
        "oidcc-client-test-rp-init-logout-no-state",
    ),
    # oidcc-client-back-channel-logout-rp-basic
    "backchannel": (
        "oidcc-client-test-rp-backchannel-rpinitlogout",
        "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none",
        "oidcc-client-test-rp-backchannel-rpinitlogout-no-event",
        "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss",
    ),
}
LIST: Final = "/clusters/main/api/v1/pods"
HERE: Final = tuple(test.name for test in all_tests() if test.file == f"adversarial/{Path(__file__).name}")


def name_of(plan: str, module: str) -> str:
    """How the name of a module's test begins."""
    rest = module.removeprefix("oidcc-client-").removeprefix("test-").replace("-", "_")
    return f"test_rp_{plan}_{rest.replace('rp_backchannel_rpinitlogout', 'logout_token').replace('rp_init_', '')}"


@pytest.mark.parametrize(("plan", "module"), [(plan, module) for plan, names in MODULES.items() for module in names])
def test_every_module_of_the_plans_has_a_test_of_its_name(plan: str, module: str) -> None:
    assert [name for name in HERE if name.startswith(f"{name_of(plan, module)}_")]


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


async def accepts(whole: Whole, browser: Browser) -> dict[str, Any]:
    """A whole sign-in; what the page is told about the person afterwards."""
    assert (await browser.sign_in()).status == 303
    assert (await browser.get(LIST)).status == 200
    user: dict[str, Any] = (await (await browser.get("/api/session")).json())["user"]
    return user


async def rejects(whole: Whole, browser: Browser, deviations: Deviations) -> str:
    """A sign-in that must not succeed: no session, no UserInfo with the tokens of it. The code of the refusal."""
    whole.idp.deviations = deviations
    answer = await browser.get(await browser.callback_address("/"))
    assert answer.status >= 400
    assert (await (await browser.get("/api/session")).json())["signed_in"] is False
    assert whole.idp.calls("userinfo") == 0
    assert whole.upstream.requests == []
    return answer.headers["X-Headlamp-Code"]


# Basic


async def test_rp_basic_test_a_sign_in_with_code_flow_and_userinfo(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert (await accepts(whole, browser))["name"] == "alice"
    asked = whole.idp.last("authorize").query
    assert asked["response_type"] == "code"
    assert "openid" in asked["scope"].split()
    order = [seen.endpoint for seen in whole.idp.seen]
    assert order == ["discovery", "authorize", "token", "jwks", "userinfo"]
    # Neither of them in an address.
    for seen in whole.idp.seen:
        assert not {"access_token", "client_secret"} & seen.query.keys()


async def test_rp_basic_invalid_iss_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        code = await rejects(whole, browser, Deviations(id_token={"iss": "https://other.example.com"}))
    assert code == "oidc.issuer"


async def test_rp_basic_missing_sub_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(missing=("sub",))) == "oidc.missing_claim"


async def test_rp_basic_invalid_aud_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(id_token={"aud": "invalid"})) == "oidc.audience"


async def test_rp_basic_missing_iat_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(missing=("iat",))) == "oidc.missing_claim"


async def test_rp_basic_kid_absent_single_jwks_is_accepted(whole: Whole) -> None:
    whole.idp.deviations = Deviations(header={"kid": None})
    async with whole.browser() as browser:
        await accepts(whole, browser)


async def test_rp_basic_kid_absent_multiple_jwks_is_accepted_with_the_key_that_fits(whole: Whole) -> None:
    """A client may also reject; ours tries each key that could be meant."""
    whole.idp.keys = [rsa_key("one"), rsa_key("two"), rsa_key("three")]
    whole.idp.deviations = Deviations(header={"kid": None}, sign_with=rsa_key("three"))
    async with whole.browser() as browser:
        await accepts(whole, browser)


async def test_rp_basic_idtoken_sig_rs256_is_accepted(whole: Whole) -> None:
    assert whole.idp.alg == "RS256"
    async with whole.browser() as browser:
        await accepts(whole, browser)


async def test_rp_basic_idtoken_sig_none_is_rejected_as_a_client_may(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(alg="none")) == "oidc.token_algorithm"


async def test_rp_basic_invalid_sig_rs256_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        wrong = Deviations(sign_with=rsa_key("another"), header={"kid": whole.idp.keys[0].kid})
        assert await rejects(whole, browser, wrong) == "oidc.bad_signature"


async def test_rp_basic_userinfo_invalid_sub_is_noticed_and_nothing_of_it_used(whole: Whole) -> None:
    del whole.idp.people["alice"]["email"]
    whole.idp.deviations = Deviations(userinfo={"sub": "alice-but-invalid", "email": "mallory@example.com"})
    async with whole.browser() as browser:
        assert (await accepts(whole, browser))["email"] == ""
    assert whole.idp.calls("userinfo") == 1


async def test_rp_basic_nonce_invalid_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(id_token={"nonce": "invalid"})) == "oidc.nonce"


async def test_rp_basic_scope_userinfo_claims_are_asked_for_and_used(whole: Whole) -> None:
    whole.idp.habits = Habits(
        claims_of_scope={"profile": ("name", "preferred_username"), "email": ("email",)},
        id_token_claims=dict.fromkeys(("name", "preferred_username", "email"), MISSING),
    )
    async with whole.browser() as browser:
        user = await accepts(whole, browser)
    assert {"profile", "email"} <= set(whole.idp.last("authorize").query["scope"].split())
    assert (user["name"], user["email"]) == ("alice", "alice@example.com")


@pytest.mark.parametrize("announced", [("client_secret_basic",), ("client_secret_basic", "client_secret_post"), None])
async def test_rp_basic_client_secret_basic_is_used_where_it_is_offered_or_nothing_is_said(
    whole: Whole, announced: tuple[str, ...] | None
) -> None:
    whole.idp.habits = Habits(auth_methods=announced, client_auth="client_secret_basic")
    async with whole.browser() as browser:
        await accepts(whole, browser)
    exchange = whole.idp.last("token")
    assert exchange.headers["Authorization"].startswith("Basic ")
    assert not {"client_secret", "client_id"} & exchange.form.keys()


# Config


async def test_rp_config_discovery_openid_config_is_read_and_used(whole: Whole) -> None:
    whole.idp.deviations = Deviations(metadata={"token_endpoint": f"{whole.idp.issuer}/token?of=discovery"})
    async with whole.browser() as browser:
        await accepts(whole, browser)
    assert whole.idp.calls("discovery") == 1
    assert whole.idp.last("token").query == {"of": "discovery"}


async def test_rp_config_discovery_jwks_uri_keys_are_read_from_there(whole: Whole) -> None:
    whole.idp.deviations = Deviations(metadata={"jwks_uri": f"{whole.idp.issuer}/jwks?of=discovery"})
    async with whole.browser() as browser:
        await accepts(whole, browser)
    assert whole.idp.last("jwks").query == {"of": "discovery"}


async def test_rp_config_discovery_issuer_mismatch_ends_the_sign_in_before_it_begins(whole: Whole) -> None:
    whole.idp.deviations = Deviations(metadata={"issuer": "https://other.example.com"})
    async with whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main")
    assert answer.headers["X-Headlamp-Code"] == "oidc.issuer_mismatch"
    assert [seen.endpoint for seen in whole.idp.seen] == ["discovery"]


async def test_rp_config_idtoken_sig_none_is_rejected_as_a_client_may(whole: Whole) -> None:
    async with whole.browser() as browser:
        await rejects(
            whole, browser, Deviations(alg="none", metadata={"id_token_signing_alg_values_supported": ["none"]})
        )


async def test_rp_config_signing_key_rotation_just_before_signing_is_followed(whole: Whole) -> None:
    async with whole.browser() as browser:
        await accepts(whole, browser)
        whole.idp.deviations = Deviations(rotates_before_signing=True)
        await accepts(whole, browser)
    assert whole.idp.calls("jwks") == 2


async def test_rp_config_signing_key_rotation_between_two_sign_ins_is_followed(whole: Whole) -> None:
    async with whole.browser() as browser:
        await accepts(whole, browser)
        whole.idp.rotate_keys("second")
        await accepts(whole, browser)
    assert whole.idp.calls("jwks") == 2
    assert whole.idp.calls("userinfo") == 2


# Refresh


async def renewed(folder: Path, deviations: Deviations) -> tuple[Whole, int, int, dict[str, Any]]:
    """A sign-in and a renewal with `deviations`: the status of a request after it, and of one after everything is well.

    The last is what the cluster was shown by the first of them; nothing where nothing was sent.
    """
    clock = Clock()
    async with whole_server(folder, now=clock) as whole, whole.browser() as browser:
        await accepts(whole, browser)
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items())}
        whole.idp.deviations = deviations
        clock.seconds += whole.idp.id_token_ttl + 120
        heard = len(whole.upstream.requests)
        status = (await browser.get(LIST, headers=cookie)).status
        sent = whole.upstream.requests[heard:]
        claims: dict[str, Any] = {}
        if sent:
            token = sent[0].values("Authorization")[0].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        whole.idp.deviations = Deviations()
        # Longer than a session that goes on would wait before it asks once more.
        clock.seconds += 600
        again = (await browser.get(LIST, headers=cookie)).status
        return whole, status, again, claims


async def ends_the_session(folder: Path, deviations: Deviations) -> None:
    """A renewal with `deviations` brings nothing that a cluster is shown, and the session is not there any more."""
    _, status, again, shown = await renewed(folder, deviations)
    assert (status, again, shown) == (401, 401, {})


async def test_rp_refresh_refresh_token_is_used_and_the_new_id_token_goes_to_the_cluster(tmp_path: Path) -> None:
    whole, status, again, claims = await renewed(tmp_path, Deviations())
    assert (status, again) == (200, 200)
    assert claims["iat"] == int(whole.idp.now()) - 600
    assert whole.idp.last("token").form["grant_type"] == "refresh_token"


async def test_rp_refresh_refresh_token_invalid_issuer_ends_the_session(tmp_path: Path) -> None:
    await ends_the_session(tmp_path, Deviations(refreshed_id_token={"iss": "https://other.example.com"}))


async def test_rp_refresh_refresh_token_invalid_sub_ends_the_session(tmp_path: Path) -> None:
    await ends_the_session(tmp_path, Deviations(refreshed_id_token={"sub": "invalid"}))


async def test_rp_refresh_refresh_token_invalid_aud_ends_the_session(tmp_path: Path) -> None:
    await ends_the_session(tmp_path, Deviations(refreshed_id_token={"aud": "invalid"}))


async def test_rp_refresh_refresh_token_invalid_azp_ends_the_session(tmp_path: Path) -> None:
    await ends_the_session(tmp_path, Deviations(refreshed_id_token={"azp": "invalid"}))


# Further modules


async def test_rp_further_missing_aud_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(missing=("aud",))) == "oidc.missing_claim"


async def test_rp_further_invalid_sig_hs256_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(alg="HS256/pem")) == "oidc.token_algorithm"


async def test_rp_further_invalid_sig_es256_is_rejected(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_signing_algs=("ES256",)) as whole, whole.browser() as browser:
        whole.idp.keys, whole.idp.alg = [ec_key("right")], "ES256"
        wrong = Deviations(sign_with=ec_key("wrong"), header={"kid": "right"})
        assert await rejects(whole, browser, wrong) == "oidc.bad_signature"
        whole.idp.deviations = Deviations()
        await accepts(whole, browser)


async def test_rp_further_invalid_athash_is_rejected(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert await rejects(whole, browser, Deviations(id_token={"at_hash": "A" * 22})) == "oidc.at_hash"


async def test_rp_further_missing_athash_is_accepted_in_the_code_flow(whole: Whole) -> None:
    whole.idp.deviations = Deviations(missing=("at_hash",))
    async with whole.browser() as browser:
        await accepts(whole, browser)


async def test_rp_further_userinfo_bearer_header_is_how_userinfo_is_asked(whole: Whole) -> None:
    async with whole.browser() as browser:
        await accepts(whole, browser)
    asked = whole.idp.last("userinfo")
    assert asked.headers["Authorization"].startswith("Bearer ")


async def test_rp_further_userinfo_bearer_body_is_not_used_nor_the_query(whole: Whole) -> None:
    """The other of two modules of which a client passes one."""
    async with whole.browser() as browser:
        await accepts(whole, browser)
    asked = whole.idp.last("userinfo")
    assert (asked.method, asked.form, asked.query) == ("GET", {}, {})


async def test_rp_further_userinfo_signed_is_verified_and_used(whole: Whole) -> None:
    whole.idp.habits = Habits(signed_userinfo=True, id_token_claims={"email": MISSING})
    async with whole.browser() as browser:
        assert (await accepts(whole, browser))["email"] == "alice@example.com"
        for wrong in (
            Deviations(userinfo_alg="none"),
            Deviations(userinfo_sign_with=rsa_key("another"), userinfo_header={"kid": "rsa-1"}),
            Deviations(userinfo={"iss": "https://other.example.com"}),
            Deviations(userinfo={"aud": "another"}),
            Deviations(userinfo={"sub": "mallory"}),
        ):
            whole.idp.deviations = wrong
            assert (await accepts(whole, browser))["email"] == "", wrong


async def test_rp_further_ignores_unparseable_key_in_jwks_beside_the_good_one(whole: Whole) -> None:
    made_up = {"kty": "MADE-UP", "kid": "two", "use": "sig"}
    later = {"kty": "AKP", "alg": "ML-DSA-9000", "pub": "AA", "kid": "one"}
    whole.idp.deviations = Deviations(jwks_extra=(later, made_up))
    async with whole.browser() as browser:
        await accepts(whole, browser)


async def test_rp_further_distributed_claims_are_left_where_they_are(whole: Whole) -> None:
    """A client need not follow them; ours asks no address that a token brings along."""
    elsewhere = f"{whole.idp.issuer}/elsewhere"
    whole.idp.deviations = Deviations(
        id_token={
            "groups": MISSING,
            "_claim_names": {"groups": "src1"},
            "_claim_sources": {"src1": {"endpoint": elsewhere, "access_token": "stolen"}},
        }
    )
    async with whole.browser() as browser:
        await accepts(whole, browser)
    assert {seen.endpoint for seen in whole.idp.seen} == {"discovery", "authorize", "token", "jwks", "userinfo"}


# Third-party-initiated login


async def test_rp_third_party_3rd_party_init_login_leads_to_the_provider_and_back(whole: Whole) -> None:
    async with whole.browser() as browser:
        sent = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        start = await browser.get(f"/oidc-initiate?iss={quote(whole.idp.issuer, safe='')}", headers=sent)
        assert start.status in (302, 303)
        assert start.headers["Location"].startswith(f"{whole.idp.issuer}/authorize?")
        agreed = await browser.get(start.headers["Location"])
        assert (await browser.get(agreed.headers["Location"])).status == 303
        assert (await browser.get(LIST)).status == 200


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None])
async def test_rp_third_party_3rd_party_init_login_of_an_unknown_issuer_leads_nowhere(
    whole: Whole, issuer: str | None
) -> None:
    async with whole.browser() as browser:
        query = "" if issuer is None else f"?iss={quote(issuer, safe='')}&target_link_uri=https%3A%2F%2Fevil.example"
        answer = await browser.get(f"/oidc-initiate{query}")
    assert answer.status in (400, 404)
    assert "Location" not in answer.headers


# RP-initiated logout; the plan wants the hint, which -oidc-logout-hint sends


@pytest.fixture
async def hinting(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path, oidc_logout_hint=True) as running:
        # A hint of the plan's is small.
        running.idp.people["alice"] = {"name": "Alice"}
        running.idp.post_logout_redirect_uris = {f"{running.url}/signed-out"}
        yield running


async def sign_out(browser: Browser) -> aiohttp.ClientResponse:
    """Sign out here and at the provider; the page on which the browser ends."""
    origin = {"Origin": browser.whole.url}
    answer = await browser.request("DELETE", "/api/session", headers=origin)
    redirect = (await answer.json())["redirect"]
    assert redirect.startswith(browser.whole.idp.address("end_session"))
    back = await browser.get(redirect)
    assert back.status == 302
    return await browser.get(back.headers["Location"])


def asked_at_logout(idp: MisbehavingProvider) -> Mapping[str, str]:
    seen = idp.last("end_session")
    return seen.form if seen.method == "POST" else seen.query


async def test_rp_logout_logout_sends_hint_registered_address_and_state_and_comes_back(hinting: Whole) -> None:
    async with hinting.browser() as browser:
        await accepts(hinting, browser)
        page = await sign_out(browser)
        assert page.status == 200
        asked = asked_at_logout(hinting.idp)
        assert asked["post_logout_redirect_uri"] == f"{hinting.url}/signed-out"
        assert asked["state"] in parse_qs(urlsplit(str(page.url)).query)["state"]
        assert str(urlsplit(hinting.idp.issuer).hostname) in await page.text()
        # The provider verified it: it is an ID token of its own.
        assert asked["id_token_hint"].count(".") == 2
        assert (await (await browser.get("/api/session")).json())["signed_in"] is False


async def _comes_back_with(hinting: Whole, state: object) -> str:
    hinting.idp.deviations = Deviations(post_logout={"state": state})
    async with hinting.browser() as browser:
        await accepts(hinting, browser)
        page = await sign_out(browser)
        assert page.status == 200
        assert (await (await browser.get("/api/session")).json())["signed_in"] is False
        return await page.text()


async def test_rp_logout_logout_other_state_is_noticed_and_claims_nothing_of_the_provider(hinting: Whole) -> None:
    assert str(urlsplit(hinting.idp.issuer).hostname) not in await _comes_back_with(hinting, "made-up")
    assert asked_at_logout(hinting.idp)["state"] != "made-up"


async def test_rp_logout_logout_no_state_is_noticed_and_claims_nothing_of_the_provider(hinting: Whole) -> None:
    assert str(urlsplit(hinting.idp.issuer).hostname) not in await _comes_back_with(hinting, MISSING)
    assert asked_at_logout(hinting.idp)["state"]


# Back-channel logout: the token comes while the provider handles the end-session request


async def logged_out_by(hinting: Whole, deviations: Deviations) -> int:
    """Sign out with a logout token under way; what the server answered to that."""
    idp = hinting.idp
    idp.backchannel_logout_uri = f"{hinting.url}/oidc-backchannel-logout"
    async with hinting.browser() as other, hinting.browser() as browser:
        await accepts(hinting, other)
        await accepts(hinting, browser)
        idp.deviations = deviations
        assert (await sign_out(browser)).status == 200
        # Another session of the same person goes on: the token names one.
        assert (await other.get(LIST)).status == 200
    (answer,) = idp.logout_answers
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status


async def test_rp_backchannel_logout_token_that_is_right_is_answered_with_200(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations()) == 200


async def test_rp_backchannel_logout_token_ends_the_session_that_it_names_and_no_other(hinting: Whole) -> None:
    async with hinting.browser() as first, hinting.browser() as second:
        await accepts(hinting, first)
        await accepts(hinting, second)
        token = hinting.idp.logout_token()
        answer = await hinting.idp.send_logout_token(token, uri=f"{hinting.url}/oidc-backchannel-logout")
        assert answer.status == 200
        assert (await first.get(LIST)).status == 200
        assert (await second.get(LIST)).status == 401


async def test_rp_backchannel_logout_token_alg_none_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token_alg="none")) == 400


async def test_rp_backchannel_logout_token_no_event_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token={"events": MISSING})) == 400


async def test_rp_backchannel_logout_token_with_nonce_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token={"nonce": "of the sign-in"})) == 400


async def test_rp_backchannel_logout_token_wrong_alg_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token_alg="PS256")) == 400


async def test_rp_backchannel_logout_token_wrong_aud_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token={"aud": "another"})) == 400


async def test_rp_backchannel_logout_token_wrong_event_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token={"events": {"https://other.example/event": {}}})) == 400


async def test_rp_backchannel_logout_token_wrong_iss_is_refused_with_400(hinting: Whole) -> None:
    assert await logged_out_by(hinting, Deviations(logout_token={"iss": "https://other.example.com"})) == 400
