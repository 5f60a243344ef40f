"""The authorization request: a callback URL that is not registered, an unknown client, and who says so in which way."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.habits import DexLike, EntraPage, GitLabLike, GoogleLike, KeycloakLike, NodeLike
from tests.unit.doctor.kit import CALLBACK, config_of, diagnose, found, with_provider, wrong

from headlamp.doctor.findings import State
from headlamp.settings import Settings

ALL = [MisbehavingProvider, KeycloakLike, NodeLike, DexLike, GoogleLike, EntraPage]
OTHER = "https://other.example.com/oidc-callback"


@pytest.mark.parametrize("kind", ALL)
async def test_a_registered_callback_url_is_found_to_be_registered(
    start_provider: StartProvider, settings: Settings, kind: type[MisbehavingProvider]
) -> None:
    idp = await start_provider(kind)
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert found(report, "provider.redirect").state is State.OK
    assert CALLBACK in found(report, "provider.redirect").found


@pytest.mark.parametrize("kind", ALL)
async def test_a_callback_url_that_is_not_registered_fails_with_the_one_to_register(
    start_provider: StartProvider, settings: Settings, kind: type[MisbehavingProvider]
) -> None:
    idp = await start_provider(kind)
    idp.redirect_uris = {OTHER}
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    finding = found(report, "provider.redirect")
    assert finding.state is State.FAILED
    assert f"Register exactly {CALLBACK} " in finding.remedy
    assert wrong(report) == ["provider.redirect"] or kind is EntraPage


@pytest.mark.parametrize("kind", [KeycloakLike, DexLike, EntraPage])
async def test_an_unknown_client_is_told_from_a_wrong_callback_url(
    start_provider: StartProvider, settings: Settings, kind: type[MisbehavingProvider]
) -> None:
    idp = await start_provider(kind)
    report = await diagnose(with_provider(settings, config_of(idp, client_id="other")), "provider")
    finding = found(report, "provider.request")
    assert finding.state is State.FAILED
    assert "-oidc-client-id" in finding.remedy
    assert not [one for one in report.findings if one.id == "provider.redirect"]


async def test_a_page_that_does_not_say_what_is_wrong_names_both(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider()
    report = await diagnose(with_provider(settings, config_of(idp, client_id="other")), "provider")
    finding = found(report, "provider.redirect")
    assert finding.state is State.FAILED
    assert "-oidc-client-id" in finding.remedy


async def test_a_provider_that_asks_for_a_sign_in_first_can_not_be_asked(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(GitLabLike)
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert found(report, "provider.redirect").state is State.SKIPPED


async def test_the_redirect_back_is_not_followed(settings: Settings, idp: MisbehavingProvider) -> None:
    # The callback host does not exist; following would be told as a failure.
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert found(report, "provider.request").state is State.OK
    assert "login_required" in found(report, "provider.request").found
    assert idp.last("authorize").query["prompt"] == "none"


async def test_a_prompt_that_is_configured_gives_way(settings: Settings, idp: MisbehavingProvider) -> None:
    config = config_of(idp, auth_params=(("prompt", "login"),))
    report = await diagnose(with_provider(settings, config), "provider")
    assert found(report, "provider.request").state is State.OK
    assert idp.last("authorize").query["prompt"] == "none"


async def test_a_provider_that_signs_people_in_without_asking_is_fine(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    idp.signed_in = True
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert found(report, "provider.request").state is State.OK


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ({"error": "unauthorized_client"}, State.FAILED, "unauthorized_client"),
        ({"error": "unsupported_response_type"}, State.FAILED, "unsupported_response_type"),
        ({"error": "invalid_request", "error_description": "no PKCE"}, State.FAILED, "no PKCE"),
        ({"error": "temporarily_unavailable"}, State.WARNING, "temporarily_unavailable"),
        ({"error": "access_denied", "error_description": "<b>no</b>"}, State.FAILED, "‹b›no‹/b›"),
        ({"error": "login_required", "iss": "https://other.example.com"}, State.FAILED, "https://other.example.com"),
    ],
)
async def test_what_the_provider_answers_to_the_request_is_judged(
    settings: Settings, idp: MisbehavingProvider, answer: dict[str, Any], state: State, words: str
) -> None:
    idp.deviations.authorization_response = answer
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.request")
    assert finding.state is state
    assert words in finding.found


async def test_a_promised_issuer_that_is_left_out_is_a_warning(settings: Settings, idp: MisbehavingProvider) -> None:
    from tests.adversarial.deviations import MISSING

    idp.deviations.authorization_response = {"iss": MISSING}
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.request")
    assert finding.state is State.WARNING
    assert "RFC 9207" in finding.remedy


async def test_an_authorization_endpoint_that_does_not_answer_fails(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    idp.deviations.reset = ("authorize",)
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.request")
    assert finding.state is State.FAILED


async def test_without_a_known_callback_url_the_request_is_not_made(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    report = await diagnose(with_provider(settings, config_of(idp), callback_url=""), "provider")
    assert found(report, "provider.redirect").state is State.SKIPPED
    assert "-public-url" in found(report, "provider.redirect").remedy
    assert idp.calls("authorize") == 0
