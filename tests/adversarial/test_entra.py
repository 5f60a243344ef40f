"""Entra ID: what the settings of the documentation bring, and how each common mistake is told (S5, S6, S8)."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.adversarial.entra import AKS_SERVER, CLIENT, GRAPH, SECRET_ID, SECRET_VALUE, EntraTenant, guid, payload
from tests.adversarial.relying_party import Clock
from tests.support.certificates import Authority
from tests.support.docs_settings import documented
from tests.support.whole import Browser, Whole, whole_server

from headlamp.settings import Secret, Settings, parse

ROOT = Path(__file__).resolve().parents[2]
LIST = "/clusters/main/api/v1/pods"
SCOPES = (f"{AKS_SERVER}/user.read", "email", "profile")


@pytest.fixture
async def tenant(clock: Clock) -> AsyncIterator[EntraTenant]:
    emulated = EntraTenant(now=clock)
    await emulated.start()
    yield emulated
    await emulated.stop()


def settings(tenant: EntraTenant, **changes: Any) -> dict[str, Any]:
    """Those of the seed document, as `Settings` has them, with a mistake or two."""
    right = {
        "oidc_scopes": SCOPES,
        "oidc_validator_idp_issuer_url": tenant.sts_issuer,
        "oidc_validator_client_id": AKS_SERVER,
        "oidc_use_access_token": True,
    }
    return right | changes


def as_typed(*arguments: str) -> dict[str, Any]:
    """What a command line sets, as `Settings` has it."""
    given, bare = parse(arguments, {}), parse((), {})
    return {f.name: getattr(given, f.name) for f in fields(Settings) if getattr(given, f.name) != getattr(bare, f.name)}


async def refusal(browser: Browser) -> tuple[str, str]:
    """The code of a sign-in that fails, and the page that says so."""
    start = await browser.get("/oidc?cluster=main&return_to=/c/main/pods", headers={"Accept": "text/html"})
    if start.status == 302:
        agreed = await browser.get(start.headers["Location"])
        start = await browser.get(agreed.headers["Location"], headers={"Accept": "text/html"})
    assert start.status >= 400
    return start.headers["X-Headlamp-Code"], await start.text()


def bearer(whole: Whole) -> dict[str, Any]:
    """The claims of what the cluster got last."""
    return payload(whole.upstream.last.values("Authorization")[0].removeprefix("Bearer "))


async def test_s5_s6_s8_the_nine_settings_word_by_word_sign_in_to_a_cluster_that_trusts_the_sts_issuer(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    typed = as_typed(
        f"-oidc-client-id={CLIENT}",
        f"-oidc-client-secret={SECRET_VALUE}",
        f"-oidc-idp-issuer-url={tenant.origin}/{tenant.tenant}/v2.0",
        "-oidc-scopes=6dae42f8-4368-4678-94ff-3960e28e3630/user.read,openid,email,profile",
        f"--oidc-validator-idp-issuer-url={tenant.sts_issuer}",
        "-oidc-validator-client-id=6dae42f8-4368-4678-94ff-3960e28e3630",
        "-oidc-use-access-token=true",
    )
    async with whole_server(tmp_path, idp=tenant, now=clock, **typed) as whole, whole.browser() as browser:
        tenant.redirect_uris = {f"{whole.url}/oidc-callback"}
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200
        sent = bearer(whole)
    assert (sent["iss"], sent["aud"], sent["ver"]) == (tenant.sts_issuer, AKS_SERVER, "1.0")
    assert sent["oid"] == guid("alice")
    asked = tenant.last("authorize").query["scope"].split()
    assert sorted(asked) == sorted([f"{AKS_SERVER}/user.read", "openid", "email", "profile"])


async def test_s8_the_settings_of_the_page_sign_in_and_renew(tenant: EntraTenant, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET_VALUE)
    page = documented(
        "entra-id",
        {
            "https://headlamp.example.com": "http://localhost:4466",
            "APPLICATION_ID": CLIENT,
            "/run/secrets/headlamp-oidc": str(tmp_path / "secret"),
            "https://login.microsoftonline.com/TENANT_ID/v2.0": tenant.issuer,
            "https://sts.windows.net/TENANT_ID/": tenant.sts_issuer,
        },
        containing="-oidc-use-access-token",
    )
    async with (
        whole_server(tmp_path, idp=tenant, now=clock, **{**page.chosen(), "public_url": ""}) as whole,
        whole.browser() as browser,
    ):
        await browser.sign_in()
        await browser.get(LIST)
        first = bearer(whole)
        clock.seconds += tenant.id_token_ttl + 120
        assert (await browser.get(LIST)).status == 200
        assert bearer(whole)["exp"] > first["exp"]
        assert tenant.refresh_calls == 1


async def test_s8_the_settings_for_an_api_server_of_ones_own_send_the_id_token(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET_VALUE)
    page = documented(
        "entra-id",
        {
            "https://headlamp.example.com": "http://localhost:4466",
            "APPLICATION_ID": CLIENT,
            "/run/secrets/headlamp-oidc": str(tmp_path / "secret"),
            "https://login.microsoftonline.com/TENANT_ID/v2.0": tenant.issuer,
        },
        containing="# for an API server of your own",
    )
    async with (
        whole_server(tmp_path, idp=tenant, now=clock, **{**page.chosen(), "public_url": ""}) as whole,
        whole.browser() as browser,
    ):
        await browser.sign_in()
        await browser.get(LIST)
        sent = bearer(whole)
        session = await (await browser.get("/api/session")).json()
    assert (sent["iss"], sent["aud"]) == (tenant.issuer, CLIENT)
    assert session["user"]["name"] == "alice@contoso.example"


async def test_s8_more_than_two_hundred_groups_are_no_reason_to_fail(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    tenant.people["alice"]["groups"] = [guid(f"group {n}") for n in range(201)]
    async with whole_server(tmp_path, idp=tenant, now=clock, **settings(tenant)) as whole, whole.browser() as browser:
        await browser.sign_in()
        await browser.get(LIST)
        assert "groups" not in bearer(whole)
        assert bearer(whole)["_claim_names"] == {"groups": "src1"}
        session = await (await browser.get("/api/session")).json()
    assert session["user"]["groups"] == []


async def test_s8_userinfo_of_graph_refuses_the_clusters_token_and_nothing_comes_of_it(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    async with whole_server(tmp_path, idp=tenant, now=clock, **settings(tenant)) as whole, whole.browser() as browser:
        assert (await browser.sign_in()).status == 303
        session = await (await browser.get("/api/session")).json()
    user = session["user"]
    assert (user["name"], user["email"]) == ("alice@contoso.example", "")
    assert user["groups"] == tenant.people["alice"]["groups"]


# Common mistakes, each with its own explanation


async def test_s8_the_id_of_the_secret_in_place_of_its_value_is_told_as_such(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    wrong = settings(tenant, oidc_client_secret=Secret(SECRET_ID))
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.client_rejected"
    assert "value" in page
    assert "Secret ID" in page
    assert SECRET_ID not in page


async def test_s8_scopes_of_graph_are_told_as_such(tenant: EntraTenant, clock: Clock, tmp_path: Path) -> None:
    wrong = settings(tenant, oidc_scopes=("User.Read", "email", "profile"))
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
        assert whole.upstream.requests == []
    assert code == "oidc.cluster_token_graph"
    assert "-oidc-scopes" in page
    assert f"{AKS_SERVER}/user.read" in page


async def test_s8_no_scope_of_any_application_means_graph_too(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    wrong = settings(tenant, oidc_scopes=("email", "profile"), oidc_validator_client_id="")
    wrong["oidc_validator_idp_issuer_url"] = ""
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.cluster_token_graph"
    assert GRAPH in page


@pytest.mark.parametrize("slash", ["", "/"])
async def test_s8_the_issuer_of_version_1_as_issuer_url_is_told_as_such(
    tenant: EntraTenant, clock: Clock, tmp_path: Path, slash: str
) -> None:
    wrong = settings(tenant, oidc_idp_issuer_url=f"{tenant.origin}/{tenant.tenant}{slash}")
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.issuer_mismatch"
    assert "/v2.0" in page


async def test_s8_the_issuer_of_access_tokens_as_issuer_url_is_told_as_such(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    wrong = settings(tenant, oidc_idp_issuer_url=tenant.sts_issuer)
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        _, page = await refusal(browser)
    assert "/v2.0" in page


async def test_s8_the_issuer_of_all_tenants_is_told_as_such(tenant: EntraTenant, clock: Clock, tmp_path: Path) -> None:
    wrong = settings(tenant, oidc_idp_issuer_url=f"{tenant.origin}/common/v2.0")
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.issuer_template"
    assert "{tenantid}" in page
    assert "TENANT-ID/v2.0" in page


async def test_s8_scopes_of_two_applications_are_told_as_such(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    wrong = settings(tenant, oidc_scopes=(*SCOPES, "User.Read"))
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        code, page = await refusal(browser)
    assert code == "oidc.provider_refused"
    assert "AADSTS28000" in page
    assert "-oidc-scopes" in page


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"oidc_validator_client_id": CLIENT}, "oidc.cluster_token_audience"),
        ({"oidc_validator_idp_issuer_url": "https://sts.windows.net/another/"}, "oidc.cluster_token_issuer"),
        ({"oidc_use_access_token": False}, "oidc.cluster_token_issuer"),
    ],
    ids=["audience", "issuer", "ID token"],
)
async def test_s5_s6_a_token_that_the_overrides_don_t_fit_is_told_before_it_is_sent(
    tenant: EntraTenant, clock: Clock, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    wrong = settings(tenant, **changes)
    async with whole_server(tmp_path, idp=tenant, now=clock, **wrong) as whole, whole.browser() as browser:
        found, page = await refusal(browser)
        assert whole.upstream.requests == []
    assert found == code
    assert "-oidc-validator-" in page


async def test_s8_without_offline_access_the_session_says_why_it_asks_to_sign_in_again(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    async with whole_server(tmp_path, idp=tenant, now=clock, **settings(tenant)) as whole, whole.browser() as browser:
        await browser.sign_in()
        clock.seconds += tenant.id_token_ttl + 120
        over = await browser.get(LIST)
        body = await over.json()
    assert (over.status, over.headers["X-Headlamp-Code"]) == (401, "session.sign_in_again")
    assert "offline_access" in str(body)
    assert tenant.refresh_calls == 0


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("refresh token expired", "session.sign_in_again"),
        ("refresh token expired by policy", "session.sign_in_again"),
        ("more proof needed", "session.sign_in_again"),
    ],
)
async def test_s8_a_refresh_that_the_tenant_refuses_leads_to_another_sign_in(
    tenant: EntraTenant, clock: Clock, tmp_path: Path, reason: str, code: str
) -> None:
    right = settings(tenant, oidc_scopes=(*SCOPES, "offline_access"))
    async with whole_server(tmp_path, idp=tenant, now=clock, **right) as whole, whole.browser() as browser:
        await browser.sign_in()
        tenant.refuses = reason
        clock.seconds += tenant.id_token_ttl + 120
        over = await browser.get(LIST)
        assert (over.status, over.headers["X-Headlamp-Code"]) == (401, code)
        tenant.refuses = ""
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200


@pytest.mark.parametrize(("reason", "status"), [("consent required", 400), ("cancelled", 403)])
async def test_s8_what_the_tenant_says_to_a_sign_in_is_told_with_its_number(
    tenant: EntraTenant, clock: Clock, tmp_path: Path, reason: str, status: int
) -> None:
    tenant.redirect_error = reason
    async with whole_server(tmp_path, idp=tenant, now=clock, **settings(tenant)) as whole, whole.browser() as browser:
        address = await browser.callback_address("/")
        answer = await browser.get(address, headers={"Accept": "text/html"})
        page = await answer.text()
    assert answer.status == status
    assert "AADSTS" in page
    # The second line of the description is for support, on one line like the rest.
    assert "\r" not in page


async def test_a_redirect_uri_that_is_not_registered_ends_on_a_page_of_the_tenant(
    tenant: EntraTenant, clock: Clock, tmp_path: Path
) -> None:
    tenant.redirect_uris = {"https://headlamp.example.com/oidc-callback"}
    async with whole_server(tmp_path, idp=tenant, now=clock, **settings(tenant)) as whole, whole.browser() as browser:
        start = await browser.get("/oidc?cluster=main")
        page = await browser.get(start.headers["Location"])
    assert (page.status, "Location" in page.headers) == (400, False)


async def test_the_keys_of_either_issuer_are_found_where_an_api_server_looks(tenant: EntraTenant) -> None:
    async with aiohttp.ClientSession() as http:
        for issuer in (tenant.issuer, tenant.sts_issuer):
            where = issuer.rstrip("/") + "/.well-known/openid-configuration"
            document = await (await http.get(where)).json()
            assert document["issuer"] == issuer
            keys = await (await http.get(document["jwks_uri"])).json()
            assert len(keys["keys"]) == 2
            assert not [key for key in keys["keys"] if "alg" in key]


async def test_a_tenant_runs_as_a_program_with_a_certificate_of_the_callers(tmp_path: Path) -> None:
    authority = Authority()
    certificate, key = authority.issue("localhost", "127.0.0.1")
    (tmp_path / "cert.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(key)
    command = [sys.executable, "-m", "tests.adversarial.entra", "--cert", "cert.pem", "--key", "key.pem"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])}
    program = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(30):
            issuers = json.loads(await program.stdout.readline())
        trust = ssl.create_default_context(cadata=authority.pem)
        async with aiohttp.ClientSession() as http:
            for issuer in issuers.values():
                where = issuer.rstrip("/") + "/.well-known/openid-configuration"
                document = await (await http.get(where, ssl=trust)).json()
                assert document["issuer"] == issuer
    finally:
        program.terminate()
        await program.wait()
