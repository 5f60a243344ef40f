"""Logout tokens by themselves; the adversarial tests send each wrong one to the whole server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adversarial.signing import b64, ec_key, rsa_key, sign

from headlamp.oidc.backchannel import EVENT, MAX_AGE, LogoutToken, addressees, verify_logout_token
from headlamp.oidc.errors import BadSignature, LogoutTokenRejected, UnknownKey
from headlamp.oidc.keys import KeySet, read_key_set
from headlamp.oidc.verification import LEEWAY, Expected

NOW = 1_764_000_000.0
ISSUER = "https://idp.example.com"
CLAIMS = {
    "iss": ISSUER,
    "aud": "headlamp",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "once",
    "sub": "alice",
    "sid": "s-1",
    "events": {EVENT: {}},
}
EXPECTED = Expected(issuer=ISSUER, client_id="headlamp", algorithms=frozenset({"RS256"}))


def keys() -> KeySet:
    return read_key_set({"keys": [rsa_key().jwk(), ec_key().jwk()]})


def verify(claims: dict[str, Any], **header: Any) -> LogoutToken:
    token = sign(claims, rsa_key(), header={"typ": "logout+jwt", **header})
    return verify_logout_token(token, expected=EXPECTED, keys=keys(), now=NOW)


def test_a_good_token_says_whose_sessions_end_and_how_long_to_remember_it() -> None:
    assert verify(CLAIMS) == LogoutToken(ISSUER, "alice", "s-1", "once", NOW + 120 + LEEWAY)


@pytest.mark.parametrize(("missing", "found"), [("sub", (None, "s-1")), ("sid", ("alice", None))])
def test_either_name_will_do(missing: str, found: tuple[str | None, str | None]) -> None:
    token = verify({name: value for name, value in CLAIMS.items() if name != missing})
    assert (token.subject, token.sid) == found


def test_i5_however_long_a_token_says_it_lives_it_need_not_be_remembered_for_more_than_it_is_believed() -> None:
    assert verify({**CLAIMS, "exp": NOW + 86400}).valid_until == NOW + MAX_AGE + LEEWAY
    with pytest.raises(LogoutTokenRejected, match="too long ago"):
        verify({**CLAIMS, "iat": NOW - MAX_AGE - LEEWAY - 1, "exp": NOW + 86400})


def test_an_unknown_key_or_a_bad_signature_may_be_settled_by_newer_keys() -> None:
    with pytest.raises(UnknownKey):
        verify(CLAIMS, kid="new")
    token = sign(CLAIMS, rsa_key("rsa-2"), header={"kid": "rsa-1"})
    with pytest.raises(BadSignature):
        verify_logout_token(token, expected=EXPECTED, keys=keys(), now=NOW)


def test_what_is_wrong_is_said_of_a_logout_token() -> None:
    with pytest.raises(LogoutTokenRejected) as caught:
        verify({**CLAIMS, "aud": "another"})
    assert caught.value.message == "The logout token is for another, expected is headlamp."
    assert caught.value.extensions["error"] == "invalid_request"


@settings(deadline=None)  # the first one makes the key
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
@pytest.mark.parametrize("name", ["iss", "sub", "sid", "aud", "azp", "exp", "iat", "nbf", "jti", "events", "nonce"])
def test_a_claim_of_any_type_is_accepted_or_rejected_with_a_problem(name: str, value: object) -> None:
    try:
        token = verify({**CLAIMS, name: value})
    except LogoutTokenRejected:
        return
    assert name in ("sub", "sid", "jti", "aud", "azp", "exp", "iat", "nbf")
    assert token.subject or token.sid


def test_addressees_are_read_from_whatever_claims_to_be_a_token() -> None:
    assert addressees(sign(CLAIMS, rsa_key())) == (ISSUER, frozenset({"headlamp"}))
    odd = "e30." + b64(b'{"iss": 1, "aud": ["a", 2, ["b"]]}') + ".x"
    assert addressees(odd) == ("", frozenset({"a"}))
    with pytest.raises(LogoutTokenRejected, match="logout token is not a signed token"):
        addressees("x")
