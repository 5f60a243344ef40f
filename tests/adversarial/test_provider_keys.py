"""Metadata and key sets of a provider that misbehaves, through a whole sign-in (checklist A8, A8b)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.provider import MISSING, Deviations, MisbehavingProvider, key_set_bytes
from tests.adversarial.relying_party import Clock, relying_party, sign_in
from tests.adversarial.signing import ec_key, ed25519_key, rsa_key

from headlamp.oidc import Provider, errors

# A8, A8b: metadata and keys


@pytest.mark.parametrize("issuer", ["https://other.example.com", MISSING, 7])
async def test_a8_metadata_of_another_issuer_is_refused(
    idp: MisbehavingProvider, provider: Provider, issuer: object
) -> None:
    idp.deviations = Deviations(metadata={"issuer": issuer})
    with pytest.raises(errors.IssuerMismatch):
        await sign_in(provider)


@pytest.mark.parametrize(
    "address",
    [
        "http://idp.example.com/jwks",
        "https://user:secret@idp.example.com/jwks",
        "ftp://localhost/jwks",
        "file:///etc/passwd",
        "http://127.0.0.1.example.com/jwks",
    ],
)
@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint", "userinfo_endpoint"])
async def test_a8_an_endpoint_that_is_not_https_is_refused(
    idp: MisbehavingProvider, provider: Provider, name: str, address: str
) -> None:
    idp.deviations = Deviations(metadata={name: address})
    with pytest.raises(errors.InsecureAddress):
        await sign_in(provider)


@pytest.mark.parametrize("endpoint", ["discovery", "jwks", "token"])
async def test_a8_a_redirect_is_not_followed(idp: MisbehavingProvider, provider: Provider, endpoint: str) -> None:
    idp.deviations = Deviations(redirect={endpoint: f"{idp.issuer}/elsewhere"})
    with pytest.raises(errors.BadProviderAnswer):
        await sign_in(provider)


KEY = rsa_key().jwk()


@pytest.mark.parametrize(
    "deviations",
    [
        Deviations(body={"jwks": b" " * 2_000_000}),
        Deviations(body={"jwks": key_set_bytes(*[{**KEY, "kid": str(n)} for n in range(201)])}),
        Deviations(body={"jwks": b"[" * 100_000}),
        Deviations(body={"jwks": b"<html>"}),
        Deviations(body={"jwks": b""}),
        Deviations(body={"jwks": b'{"keys": 7}'}),
        Deviations(status={"jwks": (500, {})}),
        Deviations(reset=("jwks",)),
    ],
    ids=["2 MB", "201 keys", "deep", "html", "empty", "no list", "500", "reset"],
)
async def test_a8_a_key_set_that_cannot_be_used_fails_the_first_sign_in_and_no_later_one(
    idp: MisbehavingProvider, provider: Provider, clock: Clock, deviations: Deviations
) -> None:
    idp.deviations = deviations
    with pytest.raises(errors.ProviderUnavailable):
        await sign_in(provider)
    idp.deviations = Deviations()
    clock.seconds += 2
    await sign_in(provider)
    idp.deviations = deviations
    clock.seconds += 7200
    assert (await sign_in(provider)).subject == "alice"


async def test_a8_the_last_good_metadata_are_kept(idp: MisbehavingProvider, provider: Provider, clock: Clock) -> None:
    await sign_in(provider)
    clock.seconds += 7200
    idp.deviations = Deviations(metadata={"issuer": "https://other.example.com"})
    assert (await sign_in(provider)).subject == "alice"


async def test_a8_a_flood_of_unknown_key_ids_makes_one_fetch_in_ten_seconds(
    idp: MisbehavingProvider, provider: Provider, clock: Clock
) -> None:
    await sign_in(provider)
    for n in range(5):
        idp.deviations = Deviations(header={"kid": f"made-up-{n}"})
        with pytest.raises(errors.UnknownKey):
            await sign_in(provider)
    assert idp.calls("jwks") == 2
    clock.seconds += 11
    with pytest.raises(errors.UnknownKey):
        await sign_in(provider)
    assert idp.calls("jwks") == 3


async def test_a8_a_key_changed_just_before_signing_is_found(idp: MisbehavingProvider, provider: Provider) -> None:
    await sign_in(provider)
    idp.keys = [rsa_key("rsa-2")]
    assert (await sign_in(provider)).subject == "alice"


async def test_a8_a_key_id_that_is_used_twice_is_tried_with_both_keys(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(jwks_extra=({**rsa_key("rsa-2").jwk(), "kid": "rsa-1"},))
    assert (await sign_in(provider)).subject == "alice"


async def test_a8b_keys_of_unknown_type_curve_or_use_are_ignored(idp: MisbehavingProvider, provider: Provider) -> None:
    idp.deviations = Deviations(
        jwks_extra=(
            {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "k1", "use": "sig"},
            {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "pq"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "rsa-1"},
            {"kty": ["RSA"], "kid": "rsa-1"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa-1"},
            {"kty": "RSA", "kid": "rsa-1", "use": "sig"},
            {**rsa_key("rsa-2").jwk(), "kid": "rsa-1", "use": "enc"},
            {"kty": "OKP", "crv": "X25519", "x": "AA", "use": "enc"},
            None,
            "key",
        )
    )
    assert (await sign_in(provider)).subject == "alice"


@pytest.mark.parametrize(("alg", "key"), [("ES256", ec_key()), ("EdDSA", ed25519_key()), ("PS256", rsa_key())])
async def test_a8b_a_good_key_of_an_algorithm_that_is_not_the_clients_is_rejected(
    idp: MisbehavingProvider, provider: Provider, clock: Clock, alg: str, key: Any
) -> None:
    idp.keys, idp.alg = [key], alg
    with pytest.raises(errors.WrongAlgorithm):
        await sign_in(provider)
    expecting = relying_party(idp, clock, signing_algs=frozenset({alg}))
    assert (await sign_in(expecting)).subject == "alice"
    await expecting.close()
