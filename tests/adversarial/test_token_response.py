"""Token responses and UserInfo, through a whole sign-in (checklist A10, A12)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.provider import MISSING, Deviations, MisbehavingProvider
from tests.adversarial.relying_party import Clock, relying_party, sign_in

from headlamp.oidc import Provider, errors

# A10: token responses


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"id_token": MISSING}, errors.NoIdToken),
        ({"id_token": {"no": "token"}}, errors.BadTokenResponse),
        ({"access_token": MISSING}, errors.BadTokenResponse),
        ({"access_token": "two\r\nlines"}, errors.BadTokenResponse),
        ({"token_type": MISSING}, errors.WrongTokenType),
        ({"token_type": "DPoP"}, errors.WrongTokenType),
        ({"id_token": "not.a.token"}, errors.MalformedToken),
        ({"id_token": "x" * 1_100_000}, errors.TokenTooLarge),
    ],
    ids=["no id_token", "object", "no access_token", "CRLF", "no type", "DPoP", "malformed", "1.1 MB"],
)
async def test_a10_a_token_response_without_what_it_must_have_is_rejected(
    idp: MisbehavingProvider, provider: Provider, response: dict[str, Any], error: type[Exception]
) -> None:
    idp.deviations = Deviations(token_response=response)
    with pytest.raises(error):
        await sign_in(provider)


@pytest.mark.parametrize("expires_in", [-1, 10**30, "300", "soon", None, MISSING])
async def test_a10_what_expires_in_says_changes_nothing(
    idp: MisbehavingProvider, provider: Provider, clock: Clock, expires_in: object
) -> None:
    idp.deviations = Deviations(token_response={"expires_in": expires_in, "token_type": "bEARER"})
    assert (await sign_in(provider)).tokens.expires_at == clock() + idp.id_token_ttl


async def test_a_token_of_half_a_megabyte_works(idp: MisbehavingProvider, provider: Provider) -> None:
    groups = [f"org-unit-{n:06d}-platform-engineering-team" for n in range(9000)]
    idp.people["alice"]["groups"] = groups
    result = await sign_in(provider)
    assert len(result.tokens.id_token) > 500_000
    assert result.claims["groups"] == groups


async def test_a_wrong_client_secret_has_one_clear_error_whatever_the_provider_calls_it(
    idp: MisbehavingProvider, clock: Clock
) -> None:
    provider = relying_party(idp, clock, client_secret="wrong")
    with pytest.raises(errors.ClientRejected):
        await sign_in(provider)
    idp.deviations = Deviations(status={"token": (401, {"error": "unauthorized_client"})})
    with pytest.raises(errors.ClientRejected) as raised:
        await sign_in(provider)
    assert "-oidc-client-secret" in raised.value.remedy
    await provider.close()


# A12: access token and UserInfo


async def test_a12_a_wrong_at_hash_is_rejected(idp: MisbehavingProvider, provider: Provider) -> None:
    idp.deviations = Deviations(id_token={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})
    with pytest.raises(errors.WrongAccessTokenHash):
        await sign_in(provider)


async def test_a12_a_missing_at_hash_is_fine(idp: MisbehavingProvider, provider: Provider) -> None:
    idp.deviations = Deviations(missing=("at_hash",))
    assert (await sign_in(provider)).subject == "alice"


@pytest.mark.parametrize(
    "deviations",
    [
        Deviations(userinfo={"sub": "mallory", "groups": ["system:masters"]}),
        Deviations(userinfo={"sub": MISSING}),
        Deviations(status={"userinfo": (431, {})}),
        Deviations(body={"userinfo": b"<html>"}),
        Deviations(reset=("userinfo",)),
        Deviations(metadata={"userinfo_endpoint": MISSING}),
    ],
    ids=["other sub", "no sub", "431", "html", "reset", "no endpoint"],
)
async def test_a12_userinfo_that_fails_or_speaks_of_somebody_else_is_ignored(
    idp: MisbehavingProvider, provider: Provider, deviations: Deviations
) -> None:
    idp.deviations = deviations
    result = await sign_in(provider)
    assert result.userinfo == {}
    assert result.subject == "alice"


async def test_a12_userinfo_is_not_asked_before_the_id_token_is_verified(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(missing=("nonce",))
    with pytest.raises(errors.MissingClaim):
        await sign_in(provider)
    assert idp.calls("userinfo") == 0
