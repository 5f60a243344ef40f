"""Sign-in: answers that do not belong to it, errors of the provider, many at once (checklist A2, A11, A13, H4, H6)."""

from __future__ import annotations

import asyncio

import pytest
from tests.adversarial.provider import MISSING, Deviations, MisbehavingProvider
from tests.adversarial.relying_party import Clock, begin, relying_party, sign_in

from headlamp.oidc import Provider, errors


async def test_a_correct_sign_in_yields_verified_claims_and_tokens(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    result = await sign_in(provider)
    assert (result.provider_id, result.issuer, result.subject) == ("main", idp.issuer, "alice")
    assert result.claims["groups"] == ["developers", "cluster-admins"]
    assert result.userinfo["email"] == "alice@example.com"
    assert result.session_id == result.claims["sid"]
    assert result.tokens.expires_at == clock() + idp.id_token_ttl
    assert result.tokens.refresh_token


# A2: answers that do not belong to the sign-in


@pytest.mark.parametrize("state", ["", "wrong", "wrong-ü-\udcff"])
async def test_a2_an_answer_with_another_state_is_rejected(
    idp: MisbehavingProvider, provider: Provider, state: str
) -> None:
    transaction, params = await begin(provider)
    with pytest.raises(errors.TransactionUnknown):
        await provider.finish(transaction, {**params, "state": state})
    assert idp.token_calls == 0


async def test_a2_an_attackers_code_in_the_victims_sign_in_is_rejected_by_pkce(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    _, attackers = await begin(provider)
    transaction, params = await begin(provider)
    with pytest.raises(errors.CodeRefused):
        await provider.finish(transaction, {**params, "code": attackers["code"]})


async def test_a2_an_attackers_code_is_rejected_by_the_nonce_where_the_provider_ignores_pkce(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(id_token={"nonce": "of-the-attackers-sign-in"})
    with pytest.raises(errors.WrongNonce):
        await sign_in(provider)


async def test_a2_a_code_is_taken_once(provider: Provider) -> None:
    transaction, params = await begin(provider)
    await provider.finish(transaction, params)
    with pytest.raises(errors.CodeRefused):
        await provider.finish(transaction, params)


async def test_a2_an_answer_without_issuer_is_rejected_where_the_metadata_promises_it(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(authorization_response={"iss": MISSING})
    with pytest.raises(errors.ResponseIssuer):
        await sign_in(provider)
    assert idp.token_calls == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_a2_an_answer_from_another_issuer_is_rejected_and_its_code_goes_nowhere(
    idp: MisbehavingProvider, provider: Provider, announced: bool
) -> None:
    idp.deviations = Deviations(
        metadata={"authorization_response_iss_parameter_supported": announced},
        authorization_response={"iss": "https://other.example.com"},
    )
    with pytest.raises(errors.ResponseIssuer):
        await sign_in(provider)
    assert idp.token_calls == 0


async def test_a2_an_answer_without_issuer_is_fine_where_nobody_promised_it(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(
        metadata={"authorization_response_iss_parameter_supported": MISSING}, authorization_response={"iss": MISSING}
    )
    assert (await sign_in(provider)).subject == "alice"


async def test_a2_a_sign_in_at_one_provider_is_not_finished_at_another(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    other = relying_party(idp, clock, id="other")
    transaction, params = await begin(provider)
    with pytest.raises(errors.TransactionUnknown):
        await other.finish(transaction, params)
    await other.close()
    assert idp.token_calls == 0


async def test_a2_a_caller_cannot_replace_parameters_of_the_sign_in(provider: Provider) -> None:
    with pytest.raises(ValueError, match="redirect_uri"):
        await begin(provider, {"redirect_uri": "https://evil.example.com"})


async def test_a2_a_sign_in_that_took_too_long_is_rejected(provider: Provider, clock: Clock) -> None:
    transaction, params = await begin(provider)
    clock.seconds += 601
    with pytest.raises(errors.SignInExpired):
        await provider.finish(transaction, params)


# A11: errors of the provider


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("access_denied", errors.AccessDenied),
        ("login_required", errors.LoginRequired),
        ("interaction_required", errors.LoginRequired),
        ("consent_required", errors.LoginRequired),
        ("temporarily_unavailable", errors.ProviderUnavailable),
        ("invalid_scope", errors.ProviderRefused),
        ("<script>alert(1)</script>", errors.ProviderRefused),
    ],
)
async def test_a11_an_error_of_the_provider_is_told_in_bounded_text_without_tags(
    idp: MisbehavingProvider, provider: Provider, error: str, raised: type[errors.OidcProblem]
) -> None:
    html = '<img src=x onerror="alert(1)">\r\n\x1b[31m\u202e' + "x" * 10_000
    idp.deviations = Deviations(
        authorization_response={"error": error, "error_description": html, "code": MISSING, "iss": MISSING}
    )
    with pytest.raises(raised) as caught:
        await sign_in(provider)
    shown = caught.value.message
    assert len(shown) < 400
    assert shown.isprintable()
    assert "<" not in shown
    assert idp.token_calls == 0


async def test_a11_an_answer_with_neither_code_nor_error_is_rejected(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(authorization_response={"code": MISSING})
    with pytest.raises(errors.NoCode):
        await sign_in(provider)


# A13, H4: many at once, and providers that fail


async def test_a13_thirty_sign_ins_at_once_ask_for_metadata_and_keys_once(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    results = await asyncio.gather(*(sign_in(provider) for _ in range(30)))
    assert len({r.tokens.id_token for r in results}) == 30
    assert (idp.calls("discovery"), idp.calls("jwks")) == (1, 1)


async def test_h4_a_provider_that_is_down_is_not_asked_again_by_everybody(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    idp.deviations = Deviations(status={"discovery": (500, {})})
    for _ in range(10):
        with pytest.raises(errors.ProviderUnavailable):
            await provider.metadata()
    assert idp.calls("discovery") == 1
    idp.deviations = Deviations()
    clock.seconds += 2
    assert (await provider.metadata()).issuer == idp.issuer


async def test_h6_nothing_secret_shows_in_what_is_printed(idp: MisbehavingProvider, provider: Provider) -> None:
    transaction, params = await begin(provider)
    result = await provider.finish(transaction, params)
    shown = repr((transaction, result, result.tokens, provider.config))
    secret = [transaction.state, transaction.nonce, transaction.verifier, params["code"], str(idp.client_secret)]
    secret += [result.tokens.id_token, result.tokens.access_token, str(result.tokens.refresh_token)]
    assert not [s for s in secret if s in shown]
