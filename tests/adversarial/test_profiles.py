"""Providers with the settings of their pages: sign-in, renewal, sign-out, and what each is known for."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.deviations import Deviations
from tests.adversarial.profiles import (
    AUTH0,
    AUTHELIA,
    AUTHENTIK,
    COGNITO,
    DEX,
    GITLAB,
    GOOGLE,
    KEYCLOAK,
    OKTA,
    PROFILES,
    ZITADEL,
    Profile,
)
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.relying_party import Clock
from tests.support.docs_settings import PROVIDERS, documented
from tests.support.waiting import until
from tests.support.whole import Browser, Whole, whole_server

LIST = "/clusters/main/api/v1/pods"
HTML = {"Accept": "text/html"}


@asynccontextmanager
async def serving(profile: Profile, folder: Path, clock: Clock, **changes: Any) -> AsyncIterator[Whole]:
    """A provider of this kind, and the server with the settings of its page; `changes` go over those."""
    idp = profile.provider(now=clock)
    await idp.start()
    try:
        chosen = settings_of(profile, idp, folder)
        async with whole_server(folder, idp=idp, now=clock, **{**chosen, **changes}) as whole:
            yield whole
    finally:
        await idp.stop()


def settings_of(profile: Profile, idp: MisbehavingProvider, folder: Path) -> dict[str, Any]:
    """What the page sets, with the test's own names in place of the page's; the address is that of each request."""
    secret = folder / "client-secret"
    secret.write_text(f"{idp.client_secret}\n")
    names = {
        "https://headlamp.example.com": "http://localhost:4466",
        "/run/secrets/headlamp-oidc": str(secret),
        profile.issuer: idp.issuer,
        **profile.names,
    }
    return {**documented(profile.page, names).chosen(), "public_url": ""}


def bearer(whole: Whole) -> dict[str, Any]:
    """The claims of the token that the cluster got last."""
    part = whole.upstream.last.values("Authorization")[0].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def refusal(browser: Browser) -> tuple[str, str]:
    """The code of a sign-in that fails, and the page that says so."""
    answer = await browser.get("/oidc?cluster=main&return_to=/", headers=HTML)
    if answer.status == 302:
        agreed = await browser.get(answer.headers["Location"])
        answer = await browser.get(agreed.headers["Location"], headers=HTML)
    assert answer.status >= 400
    return answer.headers["X-Headlamp-Code"], await answer.text()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.page)
async def test_with_the_settings_of_its_page_people_sign_in_renew_and_sign_out(
    profile: Profile, clock: Clock, tmp_path: Path
) -> None:
    async with serving(profile, tmp_path, clock) as whole, whole.browser() as browser:
        idp = whole.idp
        idp.redirect_uris = {f"{whole.url}/oidc-callback"}
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200
        sent = bearer(whole)
        audience = sent["aud"] if isinstance(sent["aud"], list) else [sent["aud"]]
        assert (sent["iss"], sent["sub"]) == (idp.issuer, "alice")
        assert idp.client_id in audience
        user = (await (await browser.get("/api/session")).json())["user"]
        assert tuple(user["groups"]) == profile.groups
        assert user["name"]
        for renewals in range(1, 4):
            clock.seconds += profile.id_token_ttl + 1
            assert (await browser.get(LIST)).status == 200
            assert idp.refresh_calls == renewals
        assert bearer(whole)["exp"] > sent["exp"]
        goodbye = await browser.request("DELETE", "/api/session", headers={"Origin": whole.url})
        told = await goodbye.json()
        assert bool(told["redirect"]) is profile.ends_its_session
        assert bool(told["message"]) is not profile.ends_its_session
        assert (await browser.get(LIST)).status == 401
        if "revocation" in profile.habits.endpoints:
            await until(lambda: idp.calls("revocation") == 1)
        else:
            assert idp.calls("revocation") == 0


def test_every_page_has_a_profile_and_every_profile_a_page() -> None:
    pages = {path.stem for path in PROVIDERS.glob("*.md")} - {"README"}
    assert pages == {profile.page for profile in PROFILES} | {"entra-id"}
    index = (PROVIDERS / "README.md").read_text()
    assert [page for page in pages if f"({page}.md)" not in index] == []


# Keycloak


async def test_keycloak_a_scope_that_it_does_not_know_is_told_with_the_setting(clock: Clock, tmp_path: Path) -> None:
    async with (
        serving(KEYCLOAK, tmp_path, clock, oidc_scopes=("profile", "groups")) as whole,
        whole.browser() as browser,
    ):
        code, page = await refusal(browser)
    assert code == "oidc.provider_refused"
    assert "invalid_scope" in page
    assert "-oidc-scopes" in page


async def test_keycloak_asked_by_an_inner_address_is_told_by_its_two_names(clock: Clock, tmp_path: Path) -> None:
    async with serving(KEYCLOAK, tmp_path, clock) as whole, whole.browser() as browser:
        whole.idp.deviations = Deviations(metadata={"issuer": "https://keycloak.example.com/realms/kubernetes"})
        code, page = await refusal(browser)
    assert code == "oidc.issuer_mismatch"
    assert "https://keycloak.example.com/realms/kubernetes" in page
    assert "-oidc-idp-issuer-url" in page


async def test_keycloak_a_wrong_secret_is_told_as_one_though_it_calls_that_otherwise(
    clock: Clock, tmp_path: Path
) -> None:
    async with serving(KEYCLOAK, tmp_path, clock) as whole, whole.browser() as browser:
        whole.idp.client_secret = "another"
        code, page = await refusal(browser)
    assert code == "oidc.client_rejected"
    assert "-oidc-client-secret" in page


async def test_keycloak_five_hundred_requests_at_expiry_spend_each_refresh_token_once(
    clock: Clock, tmp_path: Path
) -> None:
    """With rotation one that comes twice ends the whole family: the session would be gone."""
    async with serving(KEYCLOAK, tmp_path, clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        for _ in range(3):
            clock.seconds += KEYCLOAK.id_token_ttl + 1
            answers = await asyncio.gather(*(browser.get(f"{LIST}?n={n}") for n in range(500)))
            assert [answer.status for answer in answers] == [200] * 500
        assert whole.idp.refresh_calls == 3


async def test_keycloak_userinfo_that_refuses_a_large_token_stops_nothing(clock: Clock, tmp_path: Path) -> None:
    async with serving(KEYCLOAK, tmp_path, clock) as whole, whole.browser() as browser:
        groups = [f"org-unit-{n:04d}-platform-engineering-team" for n in range(1700)]
        whole.idp.people["alice"]["groups"] = groups
        whole.idp.deviations = Deviations(status={"userinfo": (431, {})})
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200
        assert bearer(whole)["groups"] == groups


async def test_keycloak_a_hint_that_would_be_too_long_for_it_is_left_out(clock: Clock, tmp_path: Path) -> None:
    async with serving(KEYCLOAK, tmp_path, clock, oidc_logout_hint=True) as whole, whole.browser() as browser:
        whole.idp.people["alice"]["groups"] = [f"org-unit-{n:04d}-platform-engineering-team" for n in range(1700)]
        await browser.sign_in()
        goodbye = await browser.request("DELETE", "/api/session", headers={"Origin": whole.url})
        back = await browser.get((await goodbye.json())["redirect"])
        assert back.status == 302
        assert back.headers["Location"].startswith(f"{whole.url}/signed-out?state=")


async def test_keycloak_an_access_token_without_the_audience_of_the_cluster_is_told_with_the_mapper(
    clock: Clock, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {"oidc_use_access_token": True, "oidc_validator_client_id": "headlamp"}
    async with serving(KEYCLOAK, tmp_path, clock, **changes) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
        assert code == "oidc.cluster_token_audience"
        assert "mapper" in page
        mapped = {"aud": ["headlamp", "account"]}
        whole.idp.habits = replace(KEYCLOAK.habits, access_token_claims=mapped)
        assert (await browser.sign_in()).status == 303
        await browser.get(LIST)
        assert bearer(whole)["scope"]


# Dex


async def test_dex_a_second_sign_in_elsewhere_ends_the_first_ones_renewal_and_not_its_session(
    clock: Clock, tmp_path: Path
) -> None:
    async with serving(DEX, tmp_path, clock) as whole, whole.browser() as first, whole.browser() as second:
        await first.sign_in()
        await second.sign_in()
        clock.seconds += DEX.id_token_ttl - 30
        # Renewal is refused (with invalid_request), and the token is good for another half minute.
        assert (await first.get(LIST)).status == 200
        assert (await second.get(LIST)).status == 200
        clock.seconds += 60
        over = await first.get(LIST)
        assert (over.status, over.headers["X-Headlamp-Code"]) == (401, "session.sign_in_again")
        assert (await second.get(LIST)).status == 200


async def test_dex_keys_that_change_every_six_hours_are_nobodys_business(clock: Clock, tmp_path: Path) -> None:
    async with serving(DEX, tmp_path, clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        for rotation in range(3):
            whole.idp.rotate_keys(f"dex-{rotation}")
            clock.seconds += DEX.id_token_ttl + 30
            assert (await browser.get(LIST)).status == 200
        assert (await browser.sign_in()).status == 303


# Okta


async def test_okta_a_token_of_18_kb_is_no_hint_and_signing_out_still_works(clock: Clock, tmp_path: Path) -> None:
    async with serving(OKTA, tmp_path, clock, oidc_logout_hint=True) as whole, whole.browser() as browser:
        whole.idp.people["alice"]["groups"] = [f"group-{n:04d}" for n in range(1000)]
        await browser.sign_in()
        goodbye = await browser.request("DELETE", "/api/session", headers={"Origin": whole.url})
        assert (await browser.get((await goodbye.json())["redirect"])).status == 200
        assert "id_token_hint" not in whole.idp.last("end_session").query


async def test_okta_without_offline_access_nothing_renews(clock: Clock, tmp_path: Path) -> None:
    async with serving(OKTA, tmp_path, clock, oidc_scopes=("profile", "groups")) as whole, whole.browser() as browser:
        await browser.sign_in()
        clock.seconds += OKTA.id_token_ttl + 120
        over = await browser.get(LIST)
        assert (over.status, over.headers["X-Headlamp-Code"]) == (401, "session.sign_in_again")
        assert whole.idp.refresh_calls == 0


# Google


async def test_google_offline_access_is_an_error_that_names_the_setting(clock: Clock, tmp_path: Path) -> None:
    scopes = ("profile", "offline_access")
    async with serving(GOOGLE, tmp_path, clock, oidc_scopes=scopes) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.provider_refused"
    assert "-oidc-scopes" in page


async def test_google_without_the_extra_parameter_there_is_no_refresh_token(clock: Clock, tmp_path: Path) -> None:
    async with serving(GOOGLE, tmp_path, clock, oidc_extra_params=()) as whole, whole.browser() as browser:
        await browser.sign_in()
        assert whole.idp.grants.refresh_tokens() == []
    async with serving(GOOGLE, tmp_path, clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        assert len(whole.idp.grants.refresh_tokens()) == 1
        assert whole.idp.last("authorize").query["prompt"] == "consent"


# GitLab


async def test_gitlab_tokens_of_two_minutes_are_renewed_in_time_for_an_hour(clock: Clock, tmp_path: Path) -> None:
    async with serving(GITLAB, tmp_path, clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        for _ in range(120):
            clock.seconds += 30
            assert (await browser.get(LIST)).status == 200
            assert bearer(whole)["exp"] > clock()
        # Neither late nor with every request.
        assert 30 <= whole.idp.refresh_calls <= 60


# Authentik


async def test_authentik_without_a_signing_key_its_hs256_is_told_as_such(clock: Clock, tmp_path: Path) -> None:
    async with serving(AUTHENTIK, tmp_path, clock) as whole, whole.browser() as browser:
        whole.idp.deviations = Deviations(alg=f"HS256/secret={whole.idp.client_secret}")
        code, page = await refusal(browser)
    assert code == "oidc.token_algorithm"
    assert "HS256" in page
    assert "signing key" in page


async def test_authentik_an_issuer_without_its_slash_is_told_to_the_letter(clock: Clock, tmp_path: Path) -> None:
    idp = AUTHENTIK.provider(now=clock)
    await idp.start()
    chosen = settings_of(AUTHENTIK, idp, tmp_path) | {"oidc_idp_issuer_url": idp.issuer.rstrip("/")}
    async with whole_server(tmp_path, idp=idp, now=clock, **chosen) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    await idp.stop()
    assert code == "oidc.issuer_mismatch"
    assert "slash" in page


# Authelia, Zitadel


async def test_authelia_another_method_than_the_registered_one_is_told_with_the_setting(
    clock: Clock, tmp_path: Path
) -> None:
    async with serving(AUTHELIA, tmp_path, clock, oidc_client_auth_method="auto") as whole, whole.browser() as browser:
        code, page = await refusal(browser)
        assert code == "oidc.client_rejected"
        assert "-oidc-client-auth-method" in page
        assert whole.idp.token_calls == 1


async def test_zitadel_audiences_that_nobody_trusts_are_named_with_the_setting(clock: Clock, tmp_path: Path) -> None:
    async with serving(ZITADEL, tmp_path, clock, oidc_trusted_audiences=()) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.untrusted_audience"
    assert "346" in page
    assert "340" in page
    assert "-oidc-trusted-audiences" in page


# Cognito, Auth0


async def test_cognito_an_access_token_without_audience_is_told_before_it_is_sent(clock: Clock, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"oidc_use_access_token": True, "oidc_validator_client_id": COGNITO.client_id}
    async with serving(COGNITO, tmp_path, clock, **changes) as whole, whole.browser() as browser:
        code, _ = await refusal(browser)
        assert whole.upstream.requests == []
    assert code == "oidc.cluster_token_audience"


async def test_cognito_somebody_in_no_group_has_no_claim_and_signs_in_all_the_same(
    clock: Clock, tmp_path: Path
) -> None:
    async with serving(COGNITO, tmp_path, clock) as whole, whole.browser() as browser:
        del whole.idp.people["alice"]["groups"]
        assert (await browser.sign_in()).status == 303
        user = (await (await browser.get("/api/session")).json())["user"]
        assert (user["name"], user["groups"]) == ("alice", [])


async def test_auth0_an_application_that_signs_with_its_secret_is_told_as_such(clock: Clock, tmp_path: Path) -> None:
    async with serving(AUTH0, tmp_path, clock) as whole, whole.browser() as browser:
        whole.idp.deviations = Deviations(alg=f"HS256/secret={whole.idp.client_secret}")
        code, _ = await refusal(browser)
    assert code == "oidc.token_algorithm"


# Any of them


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.page)
async def test_a_renewal_without_id_token_takes_nothing_away_before_the_old_one_ends(
    profile: Profile, clock: Clock, tmp_path: Path
) -> None:
    async with serving(profile, tmp_path, clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        await browser.get(LIST)
        first = bearer(whole)
        whole.idp.habits = replace(profile.habits, refreshed_id_token=False)
        clock.seconds += profile.id_token_ttl - 20
        assert (await browser.get(LIST)).status == 200
        assert bearer(whole)["exp"] == first["exp"]
        clock.seconds += 100
        over = await browser.get(LIST)
        assert (over.status, over.headers["X-Headlamp-Code"]) == (401, "session.sign_in_again")
        assert (await browser.sign_in()).status == 303
