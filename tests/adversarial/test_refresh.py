"""Refresh against a provider that misbehaves: checklist A10, H4 and what real providers do differently."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.adversarial.provider import MISSING, Deviations, MisbehavingProvider
from tests.adversarial.relying_party import Clock, relying_party, sign_in
from tests.adversarial.signing import rsa_key

from headlamp.oidc import Provider, SignIn, Tokens, errors


async def refresh(provider: Provider, signed_in: SignIn) -> Tokens:
    return await provider.refresh(signed_in.tokens, subject=signed_in.subject, claims=signed_in.claims)


async def test_a_refresh_yields_new_tokens_that_last_longer(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    signed_in = await sign_in(provider)
    clock.seconds += 200
    tokens = await refresh(provider, signed_in)
    assert tokens.expires_at == signed_in.tokens.expires_at + 200
    assert tokens.refresh_token != signed_in.tokens.refresh_token
    assert idp.refresh_calls == 1


async def test_a_refresh_token_that_is_not_rotated_is_kept(idp: MisbehavingProvider, provider: Provider) -> None:
    idp.rotate_refresh = False
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(refresh_response={"refresh_token": MISSING})
    assert (await refresh(provider, signed_in)).refresh_token == signed_in.tokens.refresh_token


async def test_a10_a_refresh_without_id_token_keeps_the_old_one_and_its_expiry(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(refresh_response={"id_token": MISSING})
    tokens = await refresh(provider, signed_in)
    assert (tokens.id_token, tokens.expires_at) == (signed_in.tokens.id_token, signed_in.tokens.expires_at)
    assert tokens.access_token != signed_in.tokens.access_token
    assert tokens.refresh_token != signed_in.tokens.refresh_token


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"iss": "https://other.example.com"}, "iss"),
        ({"sub": "bob"}, "sub"),
        ({"sub": MISSING}, "sub"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["headlamp", "another"], "azp": "headlamp"}, "aud"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "another"}, "nonce"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, ""),
    ],
)
async def test_a10_a_refreshed_id_token_for_somebody_else_ends_the_session(
    idp: MisbehavingProvider, provider: Provider, claims: dict[str, Any], claim: str
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(refreshed_id_token=claims)
    with pytest.raises(errors.RefreshMismatch) as raised:
        await refresh(provider, signed_in)
    assert raised.value.claim == claim


@pytest.mark.parametrize("alg", ["none", "HS256/pem"])
async def test_a6_a_refreshed_id_token_with_a_forged_signature_ends_the_session(
    idp: MisbehavingProvider, provider: Provider, alg: str
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(alg=alg)
    with pytest.raises(errors.RefreshMismatch):
        await refresh(provider, signed_in)


@pytest.mark.parametrize("missing", ["nonce", "at_hash", "auth_time"])
async def test_a_refreshed_id_token_may_lack_what_providers_leave_out(
    idp: MisbehavingProvider, provider: Provider, missing: str
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(refreshed_id_token={missing: MISSING})
    assert (await refresh(provider, signed_in)).id_token != signed_in.tokens.id_token


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, "invalid_grant"), (401, "invalid_grant"), (400, "invalid_request"), (401, "invalid_request")],
)
async def test_a_refused_refresh_token_is_final_in_every_dialect(
    idp: MisbehavingProvider, provider: Provider, status: int, error: str
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(status={"token": (status, {"error": error, "error_description": "<b>gone</b>"})})
    with pytest.raises(errors.RefreshRefused):
        await refresh(provider, signed_in)


async def test_a_used_refresh_token_is_refused(provider: Provider) -> None:
    signed_in = await sign_in(provider)
    await refresh(provider, signed_in)
    with pytest.raises(errors.RefreshRefused):
        await refresh(provider, signed_in)


async def test_a_sign_in_without_refresh_token_is_refused_without_asking(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    signed_in = await sign_in(provider)
    tokens = msgspec.structs.replace(signed_in.tokens, refresh_token=None)
    with pytest.raises(errors.RefreshRefused):
        await provider.refresh(tokens, subject=signed_in.subject, claims=signed_in.claims)
    assert idp.refresh_calls == 0


@pytest.mark.parametrize(
    "deviations",
    [
        Deviations(status={"token": (500, {"error": "invalid_grant"})}),
        Deviations(status={"token": (503, {})}),
        Deviations(status={"token": (429, {})}),
        Deviations(status={"token": (400, {"error": "temporarily_unavailable"})}),
        Deviations(status={"token": (401, {"error": "invalid_client"})}),
        Deviations(status={"token": (401, {"error": "unauthorized_client"})}),
        Deviations(status={"token": (400, {})}),
        Deviations(body={"token": b""}),
        Deviations(body={"token": b"<html>"}),
        Deviations(reset=("token",)),
        Deviations(redirect={"token": "https://elsewhere.example.com/"}),
    ],
    ids=["500", "503", "429", "temporary", "client", "keycloak", "no code", "empty", "html", "reset", "redirect"],
)
async def test_h4_a_failure_that_may_pass_is_not_final(
    idp: MisbehavingProvider, provider: Provider, deviations: Deviations
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = deviations
    with pytest.raises(errors.ProviderUnavailable):
        await refresh(provider, signed_in)
    idp.deviations = Deviations()
    assert (await refresh(provider, signed_in)).id_token != signed_in.tokens.id_token


async def test_h4_a_refresh_token_is_not_spent_while_the_keys_cannot_be_read(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    signed_in = await sign_in(provider)
    restarted = relying_party(idp, clock)
    idp.deviations = Deviations(status={"jwks": (503, {})})
    with pytest.raises(errors.ProviderUnavailable):
        await refresh(restarted, signed_in)
    assert idp.refresh_calls == 0
    await restarted.close()


async def test_a_refreshed_id_token_with_a_key_that_is_not_published_yet_keeps_the_old_one_and_the_new_refresh_token(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    signed_in = await sign_in(provider)
    idp.deviations = Deviations(sign_with=rsa_key("rsa-2"))
    kept = await refresh(provider, signed_in)
    assert kept.id_token == signed_in.tokens.id_token
    idp.deviations = Deviations()
    later = await provider.refresh(kept, subject=signed_in.subject, claims=signed_in.claims)
    assert later.id_token != kept.id_token
