"""The token endpoint's answers, as different providers give them."""

from __future__ import annotations

import pytest
from tests.unit.oidc.fakes import CONFIG, METADATA, FakeHttp, answer

from headlamp.oidc.errors import ClientRejected, ProviderUnavailable
from headlamp.oidc.http import Answer
from headlamp.oidc.token_endpoint import TokenRefusal, TokenResponse, request_tokens

GOOD = {"access_token": "at", "token_type": "bearer", "id_token": "it", "refresh_token": ""}


async def ask(given: Answer) -> TokenResponse | TokenRefusal:
    http = FakeHttp({METADATA.token_endpoint: given})
    return await request_tokens({"grant_type": "x"}, config=CONFIG, metadata=METADATA, http=http)


async def test_an_empty_refresh_token_is_none() -> None:
    assert await ask(answer(GOOD)) == TokenResponse(access_token="at", id_token="it", refresh_token=None)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (3600, 3600.0),
        (0.5, 0.5),
        ("3600", 3600.0),
        (0, None),
        (-5, None),
        ("soon", None),
        ("", None),
        (True, None),
        (None, None),
        ([60], None),
        (10**12, None),
        ("9" * 30, None),
    ],
)
async def test_a10_a_lifetime_that_makes_no_sense_is_none(said: object, seconds: float | None) -> None:
    response = await ask(answer({**GOOD, "expires_in": said}))
    assert isinstance(response, TokenResponse)
    assert response.expires_in == seconds


async def test_the_client_authenticates_and_the_secret_is_not_in_the_form() -> None:
    http = FakeHttp({METADATA.token_endpoint: answer(GOOD)})
    await request_tokens({"grant_type": "x"}, config=CONFIG, metadata=METADATA, http=http)
    ((_, form, headers),) = http.sent
    assert form == {"grant_type": "x"}
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_of_the_grant_is_an_answer(status: int) -> None:
    given = answer({"error": "invalid_grant", "error_description": 7}, status)
    assert await ask(given) == TokenRefusal("invalid_grant", "")


@pytest.mark.parametrize(
    "given",
    [
        answer({"error": "invalid_client"}, 401),
        answer({"error": "invalid_client"}, 400),
        answer({"error": "unauthorized_client"}, 401),
        Answer(401, "text/html", b"<html>"),
    ],
)
async def test_a_refusal_of_the_client_is_one_error(given: Answer) -> None:
    with pytest.raises(ClientRejected):
        await ask(given)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_anything_else_may_pass(status: int) -> None:
    with pytest.raises(ProviderUnavailable) as raised:
        await ask(Answer(status, "text/plain", b"busy", retry_after=7.0))
    assert raised.value.retry_after == 7.0


@pytest.mark.parametrize("status", [408, 425, 429, 500])
async def test_h4_a_refusal_that_comes_with_a_status_that_passes_is_none(status: int) -> None:
    with pytest.raises(ProviderUnavailable):
        await ask(answer({"error": "invalid_grant"}, status))
