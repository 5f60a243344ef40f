"""Tokens are read as kube-apiserver reads them, and whatever comes is read to the end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adversarial.signing import b64
from tests.unit.access.explanation.tokens import CLAIMS, jwt

from headlamp.access.explanation import read_token


def test_a_jwt_is_read_without_its_signature() -> None:
    token = jwt()
    reading = read_token(token)
    assert (reading.format, reading.header, reading.claims) == ("jwt", {"alg": "RS256", "kid": "1"}, dict(CLAIMS))
    assert reading.size == len(token)
    assert token.rpartition(".")[2] not in repr(reading)


@pytest.mark.parametrize(
    "token", ["abc", "a.b", "a.b.c", "....", "a.b.c.d.e", "", "é.é.é", f"{b64(b'{}')}.{b64(b'[]')}.x"]
)
def test_what_is_no_jwt_is_opaque(token: str) -> None:
    reading = read_token(token)
    assert reading.format == "opaque"
    assert reading.why_opaque
    assert (reading.header, reading.claims) == ({}, {})


def test_padding_makes_it_no_jwt_as_for_an_api_server() -> None:
    head, claims, signature = jwt(sub="x").split(".")
    assert read_token(f"{head}.{claims}==.{signature}").format == "opaque"


def test_an_encrypted_token_is_told_from_an_opaque_one() -> None:
    assert "JWE" in read_token("a.b.c.d.e").why_opaque


def test_googles_issuer_has_two_spellings() -> None:
    assert read_token(jwt(iss="accounts.google.com")).issuer == "https://accounts.google.com"


def test_a_deep_or_broken_payload_is_opaque() -> None:
    head = b64(b'{"alg":"RS256"}')
    for payload in (b'{"a":' * 100_000, b'{"a":"\\ud800"}', b'{"a":1e999}', b"\xff\xfe", b"null"):
        assert read_token(f"{head}.{b64(payload)}.x").format == "opaque"


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_-]{0,20}(\.[A-Za-z0-9_=-]{0,20}){0,5}")))
def test_any_text_is_read(token: str) -> None:
    reading = read_token(token)
    assert reading.size >= 0
    msgspec.json.encode([dict(reading.header), dict(reading.claims)])
