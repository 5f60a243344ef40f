"""Client id and secret, asked for without any person: right, wrong, expired, of the wrong kind, and undecided."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.entra import SECRET_ID, EntraTenant
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import ec_key
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.habits import CodeFirst
from tests.unit.doctor.kit import config_of, diagnose, found, with_provider

from headlamp.doctor.findings import Finding, State
from headlamp.settings import Settings

KEYCLOAK = Habits(refuses_client_with=(401, "unauthorized_client"))


async def _client(settings: Settings, idp: MisbehavingProvider, **config: Any) -> Finding:
    return found(await diagnose(with_provider(settings, config_of(idp, **config)), "provider"), "provider.client")


@pytest.mark.parametrize("habits", [Habits(), KEYCLOAK])
async def test_the_right_secret_is_accepted_and_a_made_up_one_was_not(
    start_provider: StartProvider, settings: Settings, habits: Habits
) -> None:
    idp = await start_provider(habits=habits)
    finding = await _client(settings, idp)
    assert finding.state is State.OK
    assert "a made-up secret is not" in finding.found
    assert idp.calls("token") == 2


@pytest.mark.parametrize("habits", [Habits(), KEYCLOAK])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_wrong_secret_fails_and_is_not_shown(
    start_provider: StartProvider, settings: Settings, habits: Habits, method: str
) -> None:
    idp = await start_provider(habits=habits)
    secret = "canary-of-a-wrong-secret"
    report = await diagnose(
        with_provider(settings, config_of(idp, client_secret=secret, client_auth=method)), "provider"
    )
    finding = found(report, "provider.client")
    assert finding.state is State.FAILED
    assert habits.refuses_client_with[1] in finding.found
    assert "-oidc-client-secret-file" in finding.remedy
    assert secret not in str(report.as_json())


async def test_a_missing_secret_fails_with_the_flag_to_type(settings: Settings, idp: MisbehavingProvider) -> None:
    finding = await _client(settings, idp, client_secret=None)
    assert finding.state is State.FAILED
    assert "-oidc-client-secret-file=/path/to/secret" in finding.remedy


async def test_white_space_around_the_secret_is_pointed_out(settings: Settings, idp: MisbehavingProvider) -> None:
    finding = await _client(settings, idp, client_secret=f"{idp.client.secret} ")
    assert "white space" in finding.found


async def test_a_public_client_is_accepted_without_a_secret(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.client.secret = None
    finding = await _client(settings, idp)
    assert finding.state is State.OK
    assert "public client" in finding.found


async def test_a_provider_that_looks_at_the_code_first_is_asked_another_way(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(CodeFirst)
    assert (await _client(settings, idp)).state is State.WARNING
    finding = await _client(settings, idp, client_secret="wrong")
    assert finding.state is State.FAILED
    assert "invalid_client" in finding.found


async def test_where_it_cannot_be_told_that_is_said(start_provider: StartProvider, settings: Settings) -> None:
    idp = await start_provider(CodeFirst)
    finding = await _client(settings, idp)
    assert "invalid_grant before it looks at the client" in finding.found
    assert "--sign-in" in finding.remedy


@pytest.mark.parametrize(
    ("status", "state"), [((404, {}), State.FAILED), ((500, {}), State.FAILED), ((401, {}), State.FAILED)]
)
async def test_a_token_endpoint_that_fails_is_told(
    settings: Settings, idp: MisbehavingProvider, status: tuple[int, dict[str, Any]], state: State
) -> None:
    idp.deviations.status = {"token": status}
    assert (await _client(settings, idp)).state is state


async def test_a_token_endpoint_that_does_not_answer_is_a_warning(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.deviations.reset = ("token",)
    assert (await _client(settings, idp)).state is State.WARNING


async def test_entra_ids_right_secret_is_accepted(start_provider: StartProvider, settings: Settings) -> None:
    assert (await _client(settings, await start_provider(EntraTenant))).state is State.OK


async def test_at_entra_id_the_id_of_a_secret_is_told_from_its_value(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(EntraTenant)
    finding = await _client(settings, idp, client_secret=SECRET_ID)
    assert finding.state is State.FAILED
    assert "looks like the id of one" in finding.found
    assert "secret's value" in finding.remedy
    assert SECRET_ID not in finding.found + finding.remedy


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (7000222, "invalid_client", "has expired"),
        (7000218, "invalid_client", "wants a secret"),
        (700025, "invalid_client", "public client"),
        (700016, "unauthorized_client", "does not know this application"),
    ],
)
async def test_each_number_of_entra_id_has_its_own_words(
    settings: Settings, idp: MisbehavingProvider, number: int, error: str, words: str
) -> None:
    body = {"error": error, "error_description": f"AADSTS{number}: text\r\nTrace ID: x", "error_codes": [number]}
    idp.deviations.status = {"token": (400, body)}
    finding = await _client(settings, idp)
    assert finding.state is State.FAILED
    assert words in finding.found


@pytest.mark.parametrize("config", [{}, {"client_secret": None}])
async def test_a_refusal_of_the_codes_form_proves_nothing(
    settings: Settings, idp: MisbehavingProvider, config: dict[str, Any]
) -> None:
    body = {"error": "invalid_grant", "error_description": "AADSTS9002313: malformed", "error_codes": [9002313]}
    idp.deviations.status = {"token": (400, body)}
    assert (await _client(settings, idp, **config)).state is State.WARNING


async def test_a_client_that_signs_its_assertions_is_accepted_with_its_key(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec_key("client")
    idp.client.secret, idp.client.keys = None, [key.jwk()]
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signing = {"client_auth": "private_key_jwt", "client_key_pem": pem, "client_secret": None}
    finding = await _client(settings, idp, **signing, client_key_id="client")
    assert finding.state is State.OK
    assert "with its key" in finding.found
    idp.client.keys = [ec_key("another").jwk()]
    assert (await _client(settings, idp, **signing, client_key_id="client")).state is State.FAILED


async def test_a_key_that_cannot_be_read_fails_and_is_not_shown(settings: Settings, idp: MisbehavingProvider) -> None:
    canary = "-----BEGIN canary"
    finding = await _client(settings, idp, client_auth="private_key_jwt", client_key_pem=canary, client_secret=None)
    assert finding.state is State.FAILED
    assert canary not in str(finding)


async def test_h6_what_a_provider_repeats_is_not_repeated(settings: Settings, idp: MisbehavingProvider) -> None:
    body = {"error": "invalid_client", "error_description": f"bad client_secret={idp.client.secret}"}
    idp.deviations.status = {"token": (401, body)}
    report = await diagnose(with_provider(settings, config_of(idp)), "provider")
    assert str(idp.client.secret) not in str(report.as_json())
