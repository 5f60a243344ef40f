"""Metadata that speak for another issuer, and what to set instead."""

from __future__ import annotations

import pytest
from tests.adversarial.signing import rsa_key, sign
from tests.unit.oidc.fakes import ISSUER, FakeHttp, answer

from headlamp.oidc.entra import is_guid, is_version_1, tenant_of
from headlamp.oidc.errors import BadProviderAnswer, IssuerMismatch, IssuerTemplate, WrongIssuer
from headlamp.oidc.issuer_hints import issuer_mismatch
from headlamp.oidc.keys import read_key_set
from headlamp.oidc.metadata import Discovery, discovery_url
from headlamp.oidc.verification import Expected, verify_id_token

TENANT = "8f1c0d0e-0000-4000-8000-000000000001"
LOGIN = "https://login.microsoftonline.com"
STS = f"https://sts.windows.net/{TENANT}/"


@pytest.mark.parametrize("shared", ["common", "organizations"])
def test_the_issuer_of_any_tenant_is_told_as_such(shared: str) -> None:
    problem = issuer_mismatch(expected=f"{LOGIN}/{shared}/v2.0", found=f"{LOGIN}/{{tenantid}}/v2.0")
    assert isinstance(problem, IssuerTemplate)
    assert problem.code == "oidc.issuer_template"
    assert f"{LOGIN}/TENANT-ID/v2.0" in problem.remedy


def test_braces_that_do_not_close_are_shown_as_they_are() -> None:
    assert issuer_mismatch(expected=ISSUER, found="https://x/{tenantid/v2.0").code == "oidc.issuer_template"


@pytest.mark.parametrize("configured", [f"{LOGIN}/{TENANT}", f"{LOGIN}/{TENANT}/"])
def test_an_issuer_of_version_1_is_told_with_the_one_of_version_2(configured: str) -> None:
    problem = issuer_mismatch(expected=configured, found=STS)
    assert STS in problem.message
    assert f"{LOGIN}/{TENANT}/v2.0" in problem.remedy
    assert "-oidc-validator-idp-issuer-url" in problem.remedy


def test_the_issuer_of_access_tokens_is_told_when_id_tokens_are_of_version_2() -> None:
    token = sign({"iss": f"{LOGIN}/{TENANT}/v2.0"}, rsa_key())
    expected = Expected(issuer=STS, client_id="headlamp", algorithms=frozenset({"RS256"}))
    with pytest.raises(WrongIssuer) as caught:
        verify_id_token(token, expected=expected, keys=read_key_set({"keys": [rsa_key().jwk()]}), now=0)
    assert f"{LOGIN}/{TENANT}/v2.0" in caught.value.remedy


@pytest.mark.parametrize(
    ("configured", "found", "advice"),
    [
        ("https://ak.example/application/o/ui", "https://ak.example/application/o/ui/", "with the slash"),
        ("https://ak.example/application/o/ui/", "https://ak.example/application/o/ui", "without the slash"),
    ],
)
def test_a_slash_at_the_end_is_told_as_such(configured: str, found: str, advice: str) -> None:
    problem = issuer_mismatch(expected=configured, found=found)
    assert "slash" in problem.message
    assert advice in problem.remedy
    assert found in problem.remedy


def test_another_host_for_the_same_realm_is_one_name_too_many() -> None:
    problem = issuer_mismatch(expected="https://kc.internal/realms/x", found="https://kc.example/realms/x")
    assert "https://kc.example/realms/x" in problem.remedy
    assert "--hostname" in problem.remedy


def test_nobody_is_told_to_set_an_http_address_that_would_be_refused() -> None:
    problem = issuer_mismatch(expected="https://kc.example/realms/x", found="http://kc.example/realms/x")
    assert "http and https" in problem.message
    assert "X-Forwarded-Proto" in problem.remedy
    assert "-oidc-idp-issuer-url" not in problem.remedy


async def test_the_address_of_the_metadata_as_issuer_url_is_told_as_such() -> None:
    issuer = f"{ISSUER}/.well-known/openid-configuration"
    http = FakeHttp({discovery_url(issuer): answer({}, 404)})
    with pytest.raises(BadProviderAnswer, match="is not the issuer") as caught:
        await Discovery(issuer, http).get()
    assert f"-oidc-idp-issuer-url to {ISSUER} " in caught.value.remedy


@pytest.mark.parametrize("found", ["nothing", "", "javascript:alert(1)", "<script>"])
def test_an_issuer_that_is_none_is_not_advised(found: str) -> None:
    problem = issuer_mismatch(expected=ISSUER, found=found)
    assert type(problem) is IssuerMismatch
    assert "javascript" not in problem.remedy
    assert "<" not in problem.message + problem.remedy


def test_the_shapes_of_a_tenants_issuers() -> None:
    assert tenant_of(STS) == tenant_of(f"{LOGIN}/{TENANT}/v2.0") == TENANT
    assert tenant_of(f"{LOGIN}/common/v2.0") is None
    assert tenant_of(ISSUER) is None
    assert is_version_1(STS)
    assert not is_version_1(f"{LOGIN}/{TENANT}/v2.0")
    assert not is_version_1(ISSUER)
    assert is_guid(TENANT.upper())
    assert not is_guid(TENANT + "0")
