"""PKCE and unguessable values."""

from __future__ import annotations

import secrets

from headlamp.oidc.pkce import challenge, new_verifier, same_text


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_verifier_has_43_unreserved_characters_and_is_new_each_time() -> None:
    verifiers = {new_verifier(secrets.token_bytes) for _ in range(100)}
    assert len(verifiers) == 100
    assert {len(v) for v in verifiers} == {43}
    assert all(v.replace("-", "").replace("_", "").isalnum() for v in verifiers)


def test_texts_are_compared_whatever_characters_they_have() -> None:
    assert same_text("ü\udcff", "ü\udcff")
    assert not same_text("ü", "u")
