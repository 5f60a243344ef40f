"""What a refusal of a refresh means, and comparing a refreshed ID token with the sign-in's."""

from __future__ import annotations

from typing import Any

import pytest

from headlamp.oidc import errors
from headlamp.oidc.refresh import check_same_sign_in, mismatch, refusal
from headlamp.oidc.token_endpoint import TokenRefusal

CLAIMS = {"iss": "https://idp.example.com", "sub": "alice", "aud": ["headlamp"], "azp": "headlamp", "nonce": "n"}


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "interaction_required"])
def test_some_refusals_are_final(error: str) -> None:
    assert isinstance(refusal(TokenRefusal(error, "gone")), errors.RefreshRefused)


def test_a_refusal_that_nobody_knows_may_pass() -> None:
    assert isinstance(refusal(TokenRefusal("whatever", "")), errors.ProviderUnavailable)


@pytest.mark.parametrize(
    "changes", [{}, {"aud": "headlamp"}, {"azp": None, "nonce": None}, {"auth_time": 7}, {"name": "Alice B."}]
)
def test_a_refreshed_token_may_differ_in_what_does_not_identify(changes: dict[str, Any]) -> None:
    refreshed = {k: v for k, v in {**CLAIMS, **changes}.items() if v is not None}
    check_same_sign_in(refreshed, subject="alice", claims=CLAIMS)


@pytest.mark.parametrize("claim", ["sub", "aud", "azp", "nonce", "iss"])
def test_a10_a_refreshed_token_for_somebody_else_is_a_mismatch(claim: str) -> None:
    with pytest.raises(errors.RefreshMismatch) as raised:
        check_same_sign_in({**CLAIMS, claim: "another"}, subject="alice", claims=CLAIMS)
    assert raised.value.claim == claim


def test_a_rejected_token_says_which_claim_it_was() -> None:
    assert mismatch(errors.WrongIssuer(expected="a", found="b")).claim == "iss"
    assert mismatch(errors.MissingClaim("sub")).claim == "sub"
    assert mismatch(errors.BadSignature()).claim == ""
