"""What never reaches a log, and what must stay readable in one."""

from __future__ import annotations

from typing import Any

import pytest

from headlamp.settings import Secret
from headlamp.telemetry.redaction import is_sensitive, redact, redact_text

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
CANARY = "canary-Value_0123"


def redacted(**event: Any) -> dict[str, Any]:
    return dict(redact(None, "info", event))


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "id_token",
        "access-token",
        "refresh_token",
        "Authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "client_secret",
        "code",
        "code_verifier",
        "verifier",
        "state",
        "nonce",
        "password",
        "id_token_hint",
        "client_assertion",
    ],
)
def test_h6_the_value_of_a_sensitive_key_is_masked(key: str) -> None:
    assert CANARY not in str(redacted(**{key: CANARY}))
    assert CANARY not in str(redacted(outer={"list": [{key: CANARY}]}))
    assert CANARY not in str(redacted(**{key: [CANARY, CANARY.encode()]}))


@pytest.mark.parametrize(
    "text",
    [
        f"the token is {JWT}",
        f"Authorization: Bearer {CANARY}",
        f"Bearer token-{CANARY}",
        f"Bearer token.{CANARY}",
        f"basic {CANARY}",
        f"GET /oidc-callback?code={CANARY}&state={CANARY}",
        f"Cookie: __Host-headlamp={CANARY}.{CANARY}; other=1",
        f"headlamp-4466-team={CANARY}",
        f"__Host-headlamp-login-3={CANARY}",
        f'{{"refresh_token": "{CANARY}"}}',
        f"Tokens(refresh_token='{CANARY}', expires_at=1.0)",
        f"client_secret={CANARY}",
        f"base64url.bearer.authorization.k8s.io.{CANARY}",
        f"https://me:{CANARY}@idp.example/",
    ],
)
def test_h6_a_text_loses_what_looks_like_a_credential(text: str) -> None:
    assert CANARY not in redact_text(text)
    assert JWT not in redact_text(text)
    assert "***" in redact_text(text)


@pytest.mark.parametrize("text", ["its log says `invalid bearer token`", "Bearer tokens, pasted", "a bearer token."])
def test_a_sentence_about_bearer_tokens_keeps_its_words(text: str) -> None:
    assert redact_text(text) == text


def test_h6_exceptions_bytes_and_objects_are_redacted_as_they_would_be_printed() -> None:
    event = redacted(
        error=ValueError(f"code={CANARY}"), body=f"token={CANARY}".encode(), given=Secret(CANARY), of=object()
    )
    assert CANARY not in str(event)


def test_h6_a_key_that_is_itself_a_token_is_masked() -> None:
    assert JWT not in str(redacted(by_token={"x": 1}, seen={JWT: 1}))


def test_values_nested_deeper_than_any_entry_needs_are_cut_off() -> None:
    nested: dict[str, Any] = {"end": CANARY}
    for _ in range(50):
        nested = {"inner": nested}
    assert CANARY not in str(redacted(nested=nested))


def test_a_very_long_text_is_cut() -> None:
    assert len(redact_text("x" * 1_000_000)) < 20_000


@pytest.mark.parametrize(
    "event",
    [
        {"code": "oidc.nonce"},
        {"state": "reconnecting"},
        {"token_bytes": 12_288, "token_expires_at": 1.5, "has_token": True, "secret": None},
        {"event": "the sign-in was refused", "cluster": "demo", "status": 401},
        {"message": "code=session.sign_in_again"},
        {"route": "/clusters/{cluster}/{path}"},
    ],
)
def test_what_helps_and_harms_nobody_stays(event: dict[str, Any]) -> None:
    assert redacted(**event) == event


@pytest.mark.parametrize("key", ["stoken", "tokenise", "codec", "encode", "cookies_seen_by"])
def test_only_whole_words_make_a_key_sensitive(key: str) -> None:
    assert not is_sensitive(key)
