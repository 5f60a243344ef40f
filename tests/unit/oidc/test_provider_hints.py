"""Providers' own words, recognised and told with the setting that they are about."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from tests.unit.oidc.desk import Desk
from tests.unit.oidc.fakes import CONFIG, METADATA

from headlamp.oidc import errors
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.entra import HINTS
from headlamp.oidc.flow import code_of
from headlamp.oidc.provider_hints import hint_for, how_to_be_renewed
from headlamp.oidc.refresh import refusal
from headlamp.oidc.token_endpoint import TokenRefusal

ENTRA_TAIL = "\r\nTrace ID: 1a2b\r\nCorrelation ID: 3c4d\r\nTimestamp: 2025-11-24 16:00:00Z"


def entra(number: int) -> str:
    return f"AADSTS{number}: Something happened.{ENTRA_TAIL}"


@pytest.mark.parametrize("number", HINTS)
def test_every_number_of_entra_id_has_a_meaning_and_a_remedy(number: int) -> None:
    hint = hint_for("invalid_request", entra(number))
    assert hint is HINTS[number]
    assert hint.meaning.endswith(".")
    assert hint.remedy.endswith(".")


@pytest.mark.parametrize(
    ("number", "setting"),
    [
        (7000215, "-oidc-client-secret"),
        (700016, "-oidc-client-id"),
        (50011, "-oidc-callback-url"),
        (70011, "-oidc-scopes"),
        (28000, "-oidc-scopes"),
        (50194, "-oidc-idp-issuer-url"),
        (700027, "-oidc-client-key-file"),
    ],
)
def test_what_a_setting_can_change_names_the_setting(number: int, setting: str) -> None:
    assert setting in HINTS[number].remedy


def test_a_number_that_nobody_knows_leaves_the_providers_own_words() -> None:
    assert hint_for("invalid_request", entra(99999999)) is None
    assert hint_for("invalid_request", "") is None


@pytest.mark.parametrize(
    ("error", "description", "setting"),
    [
        ("unauthorized_client", "Invalid client or Invalid client credentials", "-oidc-client-secret"),
        ("unauthorized_client", "Client secret not provided in request", "-oidc-client-secret"),
        (
            "unauthorized_client",
            "Client is not allowed to initiate browser login. Standard flow is disabled",
            "Standard",
        ),
        ("invalid_scope", "Invalid scopes: openid profile groups", "-oidc-scopes"),
        ("not_allowed", "Offline tokens not allowed for the user or client", "-oidc-scopes"),
        ("invalid_scope", 'Unrecognized scope(s) ["groups2"]', "-oidc-scopes"),
        ("invalid_scope", 'Client can\'t request scope(s) ["audience:server"]', "-oidc-scopes"),
        ("invalid_request", "redirect_uri did not match URI from initial request.", "-oidc-callback-url"),
        ("access_denied", "User is not assigned to the client application.", "assign"),
        ("access_denied", "Policy evaluation failed for this request", "-oidc-idp-issuer-url"),
        ("invalid_scope", "One or more scopes are not configured for the authorization server", "-oidc-scopes"),
        ("invalid_client", "The client supports method 'client_secret_basic', but", "-oidc-client-auth-method"),
        ("invalid_client", "The OAuth client was not found.", "-oidc-client-id"),
        ("redirect_uri_mismatch", "Bad Request", "-oidc-callback-url"),
        ("invalid_grant", "PKCE verification failed", "S256"),
    ],
)
def test_the_words_of_other_providers_are_recognised(error: str, description: str, setting: str) -> None:
    hint = hint_for(error, description)
    assert hint is not None
    assert setting in hint.remedy or setting in hint.meaning


def test_the_words_of_the_specification_do_not_blame_the_method_alone() -> None:
    hint = hint_for(
        "invalid_client",
        "Client authentication failed due to unknown client, no client authentication included, or unsupported "
        "authentication method.",
    )
    assert hint is not None
    assert "-oidc-client-secret" in hint.remedy
    assert "-oidc-client-auth-method" in hint.remedy


async def test_the_id_of_a_secret_in_the_place_of_its_value_is_told() -> None:
    secret_id = "9f2f1c34-5c0c-4f0a-9d0f-2d3f1a6b7c8d"
    desk = Desk(config={"client_secret": secret_id})
    desk.refuse(401, "invalid_client", entra(7000215))
    with pytest.raises(errors.ClientRejected) as caught:
        await desk.sign_in()
    assert "looks like the Secret ID" in caught.value.message
    assert "Value" in caught.value.remedy
    assert secret_id not in caught.value.message + caught.value.remedy


async def test_what_an_administrator_should_compare_depends_on_how_the_client_proves_itself() -> None:
    public = Desk(config={"client_secret": None})
    public.refuse(401, "invalid_client")
    with pytest.raises(errors.ClientRejected) as caught:
        await public.sign_in()
    assert "-oidc-client-secret-file" in caught.value.remedy
    secret = Desk()
    secret.refuse(401, "invalid_client")
    with pytest.raises(errors.ClientRejected) as caught:
        await secret.sign_in()
    assert "-oidc-client-secret" in caught.value.remedy


async def test_a_refused_code_is_told_with_its_cause() -> None:
    desk = Desk()
    desk.refuse(400, "invalid_grant", entra(54005))
    with pytest.raises(errors.CodeRefused) as caught:
        await desk.sign_in()
    assert "used before" in caught.value.message
    assert "\r" not in caught.value.message


def test_a_refused_sign_in_is_told_with_its_cause() -> None:
    with pytest.raises(errors.AccessDenied) as caught:
        code_of({"error": "access_denied", "error_description": entra(50105)}, metadata=METADATA)
    assert "not assigned" in caught.value.message
    assert "AADSTS50105" in caught.value.message
    assert "Enterprise applications" in caught.value.remedy


def test_a_refused_renewal_is_told_with_its_cause() -> None:
    problem = refusal(TokenRefusal("invalid_grant", entra(700082)))
    assert isinstance(problem, errors.RefreshRefused)
    assert "not used for too long" in problem.message


@pytest.mark.parametrize(
    ("config", "scopes", "advice"),
    [
        (CONFIG, None, "add offline_access to -oidc-scopes"),
        (CONFIG, ("openid", "offline_access"), "add offline_access to -oidc-scopes"),
        (CONFIG, ("openid",), "allow refresh tokens"),
        (replace(CONFIG, scopes=("offline_access",)), None, "allow refresh tokens"),
        (replace(CONFIG, issuer="https://accounts.google.com"), ("openid",), "access_type=offline"),
    ],
)
def test_what_makes_sign_ins_last_depends_on_the_provider(
    config: ProviderConfig, scopes: tuple[str, ...] | None, advice: str
) -> None:
    assert advice in how_to_be_renewed(config, msgspec.structs.replace(METADATA, scopes=scopes))
