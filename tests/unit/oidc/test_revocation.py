"""Revocation: what is sent, and what its answers mean."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.unit.oidc.fakes import CONFIG, ISSUER, METADATA, Clock, FakeHttp, answer, discovery_document

from headlamp.oidc import Provider, Tokens
from headlamp.oidc.errors import ProviderUnavailable
from headlamp.oidc.metadata import discovery_url
from headlamp.oidc.revocation import revoke_refresh_token

URI = f"{ISSUER}/revoke"
END_SESSION = f"{ISSUER}/end"
WITH_ENDPOINT = msgspec.structs.replace(METADATA, revocation_endpoint=URI)
TOKENS = Tokens("id", "access", "refresh", 0.0)


def provider(http: FakeHttp, *, scopes: tuple[str, ...] = ()) -> Provider:
    http.answers[discovery_url(ISSUER)] = answer(
        discovery_document(revocation_endpoint=URI, end_session_endpoint=END_SESSION)
    )
    return Provider(replace(CONFIG, scopes=scopes), http=http, now=Clock())


async def test_a_provider_without_the_endpoint_is_not_asked() -> None:
    http = FakeHttp()
    assert not await revoke_refresh_token("refresh", config=CONFIG, metadata=METADATA, http=http)
    assert http.sent == []


async def test_the_token_is_sent_with_the_clients_authentication() -> None:
    http = FakeHttp({URI: answer({})})
    assert await revoke_refresh_token("refresh", config=CONFIG, metadata=WITH_ENDPOINT, http=http)
    ((url, form, headers),) = http.sent
    assert (url, form) == (URI, {"token": "refresh", "token_type_hint": "refresh_token"})
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [204, 400, 401, 404, 500, 503])
async def test_any_other_answer_is_a_failure(status: int) -> None:
    http = FakeHttp({URI: answer({"error": "invalid_client"}, status)})
    with pytest.raises(ProviderUnavailable, match=str(status)):
        await revoke_refresh_token("refresh", config=CONFIG, metadata=WITH_ENDPOINT, http=http)


async def test_only_a_refresh_token_is_revoked() -> None:
    http = FakeHttp({URI: answer({})})
    assert not await provider(http).revoke(msgspec.structs.replace(TOKENS, refresh_token=None))
    assert await provider(http).revoke(TOKENS)
    assert [form for url, form, _ in http.sent if url == URI] == [
        {"token": "refresh", "token_type_hint": "refresh_token"}
    ]


async def test_a_token_for_offline_access_can_be_kept() -> None:
    http = FakeHttp({URI: answer({})})
    offline = provider(http, scopes=("offline_access",))
    assert not await offline.revoke(TOKENS, keep_offline=True)
    assert await provider(http).revoke(TOKENS, keep_offline=True)
    assert await offline.revoke(TOKENS)


@pytest.mark.parametrize("change", [{"iss": "https://before.example"}, {"aud": "the-client-before"}])
async def test_tokens_of_another_registration_go_to_nobody_at_sign_out(change: dict[str, str]) -> None:
    http = FakeHttp({URI: answer({})})
    tokens = msgspec.structs.replace(TOKENS, id_token=unsigned({"iss": ISSUER, "aud": CONFIG.client_id, **change}))
    assert not await provider(http).revoke(tokens)
    to: dict[str, Any] = {"claims": {}, "post_logout_redirect_uri": "https://h.example/signed-out", "state": "s"}
    assert await provider(http).end_session_url(tokens, **to) is None
    assert [url for url, _, _ in http.sent if url == URI] == []


async def test_tokens_of_this_registration_are_revoked_and_the_person_is_sent_on() -> None:
    http = FakeHttp({URI: answer({})})
    tokens = msgspec.structs.replace(TOKENS, id_token=unsigned({"iss": ISSUER, "aud": [CONFIG.client_id, "other"]}))
    assert await provider(http).revoke(tokens)
    url = await provider(http).end_session_url(
        tokens, claims={}, post_logout_redirect_uri="https://h.example/signed-out", state="s"
    )
    assert url is not None
    assert url.startswith(END_SESSION)


def unsigned(claims: dict[str, object]) -> str:
    """A token as it lies in a session: it was verified when it came."""
    parts = ({"alg": "RS256"}, claims)
    header, payload = (urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode() for part in parts)
    return f"{header}.{payload}.c2lnbmF0dXJl"
