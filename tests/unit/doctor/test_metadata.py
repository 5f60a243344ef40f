"""What a provider says about itself, wrong in one point each."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.deviations import MISSING
from tests.adversarial.entra import EntraTenant
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.kit import config_of, diagnose, found, with_provider, wrong

from headlamp.doctor.examined import ExaminedProvider
from headlamp.doctor.findings import State
from headlamp.doctor.knobs import Knobs
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.issuer_hints import issuer_mismatch, no_document
from headlamp.settings import Settings

TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"


@pytest.fixture
def knobs() -> Knobs:
    return Knobs(ExaminedProvider(ProviderConfig(id="default", issuer="", client_id=""), from_flags=True))


async def test_nothing_is_wrong_with_a_provider_that_is_as_it_should_be(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert wrong(report) == []
    points = {finding.id for finding in report.findings if finding.state is State.OK}
    assert {f"provider.{name}" for name in ("metadata", "issuer", "endpoints", "flow", "pkce", "client_auth")} < points
    assert {f"provider.{name}" for name in ("algorithms", "response_issuer", "keys", "scopes", "renewal")} < points
    assert {f"provider.{name}" for name in ("redirect", "request", "client")} < points


async def test_a_slash_too_many_in_the_issuer_fails_with_the_setting_to_type(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    report = await diagnose(with_provider(settings, config_of(idp, issuer=f"{idp.issuer}/")), "provider")
    finding = found(report, "provider.issuer")
    assert finding.state is State.FAILED
    assert finding.found.count("slash") == 1
    assert f"-oidc-idp-issuer-url={idp.issuer}, without the slash" in finding.remedy


async def test_a_slash_too_few_in_the_issuer_fails_with_the_setting_to_type(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(habits=Habits(issuer_path="/application/o/headlamp/"))
    report = await diagnose(with_provider(settings, config_of(idp, issuer=idp.issuer.rstrip("/"))), "provider")
    assert f"-oidc-idp-issuer-url={idp.issuer}, with the slash" in found(report, "provider.issuer").remedy


async def test_what_can_be_read_is_judged_even_where_the_issuer_is_another(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    idp.deviations.metadata = {"issuer": "https://other.example.com", "code_challenge_methods_supported": ["plain"]}
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert wrong(report) == ["provider.issuer", "provider.pkce"]


@pytest.mark.parametrize("shared", ["common", "organizations"])
async def test_nobodys_tenant_of_entra_id_is_explained(
    start_provider: StartProvider, settings: Settings, shared: str
) -> None:
    idp = await start_provider(EntraTenant)
    config = config_of(idp, issuer=f"{idp.origin}/{shared}/v2.0")
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.issuer")
    assert finding.state is State.FAILED
    assert "nobody's tenant" in finding.found
    assert "/TENANT-ID/v2.0" in finding.remedy


async def test_the_v1_endpoint_of_entra_id_is_explained(start_provider: StartProvider, settings: Settings) -> None:
    idp = await start_provider(EntraTenant)
    config = config_of(idp, issuer=f"{idp.origin}/{idp.tenant}")  # type: ignore[attr-defined]
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.issuer")
    assert finding.state is State.FAILED
    assert "v1" in finding.found
    assert f"-oidc-idp-issuer-url={idp.issuer}." in finding.remedy


@pytest.mark.parametrize(
    ("expected", "said", "hint", "remedy"),
    [
        (f"https://login.microsoftonline.com/{TENANT}", f"https://sts.windows.net/{TENANT}/", "v1", f"/{TENANT}/v2.0"),
        (f"https://sts.windows.net/{TENANT}/", f"https://sts.windows.net/{TENANT}", "v1", "login.microsoftonline.com"),
        ("https://kc.example.com/realms/a", "http://kc.example.com/realms/a", "http and https", "--hostname"),
        ("https://kc.internal/realms/a", "https://kc.example.com/realms/a", "host", "=https://kc.example.com/realms/a"),
        ("https://a.example.com/x", "https://b.example.com/y", "", "-oidc-idp-issuer-url=https://b.example.com/y"),
    ],
)
def test_each_slip_with_an_issuer_has_its_own_words(
    knobs: Knobs, expected: str, said: str, hint: str, remedy: str
) -> None:
    slip = issuer_mismatch(expected=expected, found=said).slip
    assert hint in slip.meaning
    assert remedy in slip.remedy(knobs.set_issuer)


@pytest.mark.parametrize(
    ("issuer", "status", "remedy"),
    [
        ("https://a.example.com/.well-known/openid-configuration", 404, "-oidc-idp-issuer-url=https://a.example.com "),
        ("https://kc.example.com/realms/a", 404, "/auth"),
        ("https://a.example.com", 404, "/realms/REALM"),
        ("https://login.microsoftonline.com/contoso", 400, "/TENANT-ID/v2.0"),
        ("https://a.example.com", 500, "log"),
    ],
)
def test_each_slip_with_the_metadatas_address_has_its_own_words(
    knobs: Knobs, issuer: str, status: int, remedy: str
) -> None:
    assert remedy in no_document(issuer, status).remedy(knobs.set_issuer)


@pytest.mark.parametrize(
    "deviation",
    [
        {"status": {"discovery": (404, {"error": "Realm does not exist"})}},
        {"status": {"discovery": (500, {})}},
        {"body": {"discovery": b"<html>a web page</html>"}},
        {"reset": ("discovery",)},
        {"redirect": {"discovery": "https://other.example.com/"}},
    ],
)
async def test_metadata_that_cannot_be_read_fail(
    settings: Settings, idp: MisbehavingProvider, deviation: dict[str, Any]
) -> None:
    for name, value in deviation.items():
        setattr(idp.deviations, name, value)
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert wrong(report) == ["provider.metadata"]


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_a_required_endpoint_that_is_missing_fails(
    settings: Settings, idp: MisbehavingProvider, name: str
) -> None:
    idp.deviations.metadata = {name: MISSING}
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    finding = found(report, "provider.endpoints")
    assert finding.state is State.FAILED
    assert name in finding.found


async def test_endpoints_that_are_not_required_are_named_when_they_are_missing(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(habits=Habits(endpoints=frozenset({"userinfo"})))
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.endpoints")
    assert finding.state is State.OK
    assert "sign-out at the provider" in finding.found


@pytest.mark.parametrize(
    ("metadata", "point", "state", "words"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, "pkce", State.WARNING, "plain"),
        ({"code_challenge_methods_supported": MISSING}, "pkce", State.OK, "says nothing"),
        ({"response_types_supported": ["id_token"]}, "flow", State.FAILED, "id_token"),
        ({"grant_types_supported": ["implicit"]}, "flow", State.FAILED, ""),
        ({"grant_types_supported": ["authorization_code"]}, "flow", State.WARNING, "refresh tokens"),
        ({"id_token_signing_alg_values_supported": ["ES256", "PS256"]}, "algorithms", State.FAILED, "ES256, PS256"),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, "algorithms", State.FAILED, "HS256"),
        ({"id_token_signing_alg_values_supported": MISSING}, "algorithms", State.OK, "does not list"),
        ({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}, "client_auth", State.FAILED, ""),
        ({"token_endpoint_auth_methods_supported": MISSING}, "client_auth", State.OK, "client_secret_basic"),
        ({"authorization_response_iss_parameter_supported": MISSING}, "response_issuer", State.OK, "promise"),
    ],
)
async def test_each_part_of_the_metadata_is_held_against_the_settings(
    settings: Settings,
    idp: MisbehavingProvider,
    metadata: dict[str, Any],
    point: str,
    state: State,
    words: str,
) -> None:
    idp.deviations.metadata = metadata
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), f"provider.{point}")
    assert finding.state is state
    assert words in finding.found


async def test_other_algorithms_come_with_the_flag_to_type(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.deviations.metadata = {"id_token_signing_alg_values_supported": ["ES256", "HS256"]}
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.algorithms")
    assert "-oidc-signing-algs=ES256" in finding.remedy


async def test_a_method_of_client_authentication_that_is_not_offered_fails(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    idp.deviations.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    config = config_of(idp, client_auth="client_secret_post")
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.client_auth")
    assert finding.state is State.FAILED
    assert "client_secret_post" in finding.found


async def test_a_public_client_that_is_not_listed_is_no_fault(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.client.secret = None
    idp.deviations.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert found(report, "provider.client_auth").state is State.OK
    assert found(report, "provider.client").state is State.OK
