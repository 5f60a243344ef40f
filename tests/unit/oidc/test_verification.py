"""ID tokens, one check at a time; the adversarial tests go through the whole sign-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adversarial.signing import at_hash, b64, ec_key, rsa_key, sign

from headlamp.oidc import errors
from headlamp.oidc.keys import KeySet, read_key_set
from headlamp.oidc.verification import MAX_TOKEN_BYTES, Expected, peek_claims, verify_id_token, verify_signature

NOW = 1_764_000_000.0
ISSUER = "https://idp.example.com"
CLAIMS = {"iss": ISSUER, "sub": "alice", "aud": "headlamp", "exp": NOW + 300, "iat": NOW, "nonce": "n"}
EXPECTED = Expected(issuer=ISSUER, client_id="headlamp", algorithms=frozenset({"RS256"}), nonce="n")


def keys() -> KeySet:
    return read_key_set({"keys": [rsa_key().jwk(), ec_key().jwk()]})


def verify(token: str, expected: Expected = EXPECTED) -> dict[str, Any]:
    return verify_id_token(token, expected=expected, keys=keys(), now=NOW)


def test_a_good_token_yields_its_claims() -> None:
    assert verify(sign(CLAIMS, rsa_key())) == CLAIMS


def test_headers_that_nobody_defined_are_ignored() -> None:
    assert verify(sign(CLAIMS, rsa_key(), header={"nonce": "entra", "x5t": "abc", "typ": None})) == CLAIMS


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "PS384", "PS512"])
def test_each_allowed_algorithm_verifies(alg: str) -> None:
    expected = replace(EXPECTED, algorithms=frozenset({alg}))
    assert verify(sign(CLAIMS, rsa_key(), alg), expected) == CLAIMS


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a6_no_configuration_allows_an_algorithm_that_proves_nothing(alg: str) -> None:
    with pytest.raises(errors.WrongAlgorithm):
        verify(sign(CLAIMS, rsa_key(), alg), replace(EXPECTED, algorithms=frozenset({alg})))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_anywhere_is_rejected(part: int) -> None:
    parts = sign(CLAIMS, rsa_key()).split(".")
    other = sign({**CLAIMS, "sub": "mallory"}, rsa_key(), header={"extra": 1}).split(".")
    parts[part] = other[part]
    with pytest.raises(errors.BadSignature):
        verify(".".join(parts))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e", "e30.e30.", "e30.e 30.x", "ü.e30.x", "e30.e30.x\n", "a.b.c"]
)
def test_what_is_not_a_compact_token_is_rejected(token: str) -> None:
    with pytest.raises((errors.MalformedToken, errors.WrongAlgorithm)):
        verify(token)


@given(st.text(alphabet="abcXYZ019-_.=+/ ", max_size=200))
def test_whatever_comes_is_rejected_with_a_problem(text: str) -> None:
    with pytest.raises(errors.IdTokenRejected):
        verify(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp"])
def test_a_claim_of_any_type_is_accepted_or_rejected_with_a_problem(name: str, value: object) -> None:
    token = sign({**CLAIMS, name: value}, rsa_key())
    try:
        verify(token)
    except errors.IdTokenRejected as problem:
        assert len(problem.message) < 500  # noqa: PT017 - a property of whichever problem it is


def test_a_token_above_the_limit_is_not_looked_into() -> None:
    with pytest.raises(errors.TokenTooLarge):
        verify("x" * (MAX_TOKEN_BYTES + 1))


def test_a5_a_trusted_audience_may_stand_beside_ours_if_we_are_the_authorized_party() -> None:
    expected = replace(EXPECTED, trusted_audiences=frozenset({"kubernetes"}))
    claims = {**CLAIMS, "aud": ["headlamp", "kubernetes"], "azp": "headlamp"}
    assert verify(sign(claims, rsa_key()), expected) == claims
    with pytest.raises(errors.MissingClaim):
        verify(sign({**claims, "azp": None}, rsa_key()), expected)
    with pytest.raises(errors.WrongAuthorizedParty):
        verify(sign({**claims, "azp": "kubernetes"}, rsa_key()), expected)


def test_without_a_nonce_to_expect_none_is_asked_for() -> None:
    claims = {k: v for k, v in CLAIMS.items() if k != "nonce"}
    assert verify(sign(claims, rsa_key()), replace(EXPECTED, nonce=None)) == claims


def test_errors_carry_what_was_found() -> None:
    with pytest.raises(errors.TokenExpired) as expired:
        verify(sign({**CLAIMS, "exp": NOW - 100}, rsa_key()))
    assert expired.value.expiry == NOW - 100
    with pytest.raises(errors.WrongAudience) as audience:
        verify(sign({**CLAIMS, "aud": ["a", "b"]}, rsa_key()))
    assert audience.value.found == ("a", "b")


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
def test_a12_at_hash_is_computed_with_the_hash_of_the_algorithm(alg: str) -> None:
    expected = replace(EXPECTED, algorithms=frozenset({alg}), access_token="token")
    assert verify(sign({**CLAIMS, "at_hash": at_hash("token", alg)}, rsa_key(), alg), expected)
    with pytest.raises(errors.WrongAccessTokenHash):
        verify(sign({**CLAIMS, "at_hash": at_hash("other", alg)}, rsa_key(), alg), expected)


def test_claims_can_be_looked_at_without_verification() -> None:
    assert peek_claims(sign(CLAIMS, rsa_key("unknown"))) == CLAIMS
    with pytest.raises(errors.MalformedToken):
        peek_claims("opaque")
    with pytest.raises(errors.MalformedToken):
        peek_claims(f"{b64(b'{}')}.{b64(b'[]')}.x")


@pytest.mark.parametrize(("ago", "good"), [(0, True), (300, True), (360, True), (361, False), (9e9, False)])
def test_who_proved_themselves_too_long_ago_is_asked_again(ago: float, good: bool) -> None:
    expected = replace(EXPECTED, authenticated_since=NOW - 300)
    token = sign({**CLAIMS, "auth_time": NOW - ago}, rsa_key())
    if good:
        verify(token, expected)
    else:
        with pytest.raises(errors.AuthenticationTooOld):
            verify(token, expected)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("auth_time", replace(EXPECTED, authenticated_since=NOW - 300)),
        ("acr", replace(EXPECTED, acr_values=("mfa",))),
    ],
)
def test_what_was_asked_for_must_be_answered(claim: str, expected: Expected) -> None:
    with pytest.raises(errors.MissingClaim) as caught:
        verify(sign(CLAIMS, rsa_key()), expected)
    assert caught.value.claim == claim
    assert "-oidc-" in caught.value.remedy
    with pytest.raises(errors.MalformedToken):
        verify(sign({**CLAIMS, claim: ["x"]}, rsa_key()), expected)


def test_a_class_of_authentication_must_be_one_that_was_asked_for() -> None:
    expected = replace(EXPECTED, acr_values=("mfa", "phr"))
    assert verify(sign({**CLAIMS, "acr": "phr"}, rsa_key()), expected)["acr"] == "phr"
    with pytest.raises(errors.WrongAuthenticationContext) as caught:
        verify(sign({**CLAIMS, "acr": "pwd"}, rsa_key()), expected)
    assert caught.value.found == "pwd"
    assert "mfa or phr" in caught.value.message


def test_a_token_says_who_signed_it_whatever_it_claims() -> None:
    signed = verify_signature(sign({"iss": "anybody"}, ec_key(), "ES256"), algorithms={"ES256"}, keys=keys())
    assert (signed.claims, signed.algorithm, signed.curve) == ({"iss": "anybody"}, "ES256", "P-256")


def test_another_kind_of_token_is_taken_only_where_it_is_expected() -> None:
    token = sign({}, rsa_key(), header={"typ": "at+JWT"})
    verify_signature(token, algorithms={"RS256"}, keys=keys(), kinds=frozenset({"at+jwt"}))
    with pytest.raises(errors.ForbiddenHeader):
        verify_signature(token, algorithms={"RS256"}, keys=keys())
    with pytest.raises(errors.ForbiddenHeader):
        verify_signature(token, algorithms={"RS256"}, keys=keys(), kinds=frozenset({"logout+jwt"}))
