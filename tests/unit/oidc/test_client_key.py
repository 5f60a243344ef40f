"""Private keys of a client: what can be read, and how each signs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from headlamp.oidc.client_key import read_client_key
from headlamp.oidc.jose import registry_for

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


PLAIN = NoEncryption()


def pem(key: Any, encryption: KeySerializationEncryption = PLAIN, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return str(key.private_bytes(Encoding.PEM, form, encryption).decode())


def public_pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def jwk(key: Any, **members: Any) -> str:
    kind: Any = RSAKey if key is RSA else ECKey if key is P256 else OKPKey
    made = kind.import_key(key)
    return json.dumps({**made.as_dict(private=True), **members})


@pytest.mark.parametrize(
    ("text", "algorithms"),
    [
        (pem(RSA), ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")),
        (pem(RSA, form=PrivateFormat.TraditionalOpenSSL), ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")),
        (pem(P256), ("ES256",)),
        (pem(ec.generate_private_key(ec.SECP384R1())), ("ES384",)),
        (pem(ec.generate_private_key(ec.SECP521R1())), ("ES512",)),
        (pem(ED25519), ("EdDSA", "Ed25519")),
        (pem(ed448.Ed448PrivateKey.generate()), ("EdDSA",)),
        (jwk(P256), ("ES256",)),
        (jwk(ED25519), ("EdDSA", "Ed25519")),
        (jwk(RSA, alg="PS256"), ("PS256",)),
    ],
)
def test_a_key_is_read_from_pem_or_jwk_and_signs_with_what_fits_it(text: str, algorithms: tuple[str, ...]) -> None:
    key = read_client_key(text)
    assert key.algorithms == algorithms
    for algorithm in algorithms:
        token = key.sign({"iss": "headlamp"}, algorithm)
        decoded = jwt.decode(token, key.private, registry=registry_for(algorithm))
        assert decoded.claims == {"iss": "headlamp"}
        assert decoded.header == {"alg": algorithm, "kid": key.key_id, "typ": "JWT"}


def test_the_id_of_a_key_is_the_one_given_or_its_own_or_its_thumbprint() -> None:
    assert read_client_key(jwk(P256, kid="own"), key_id="given").key_id == "given"
    assert read_client_key(jwk(P256, kid="own")).key_id == "own"
    assert read_client_key(pem(P256)).key_id == ECKey.import_key(P256).thumbprint()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        "{",
        "{}",
        '{"kty": "oct", "k": "c2VjcmV0"}',
        '{"kty": ["RSA"]}',
        "[1]",
        pem(P256, BestAvailableEncryption(b"password")),
        public_pem(P256),
        json.dumps(ECKey.import_key(P256).as_dict(private=False)),
        pem(dsa.generate_private_key(1024)),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        pem(ec.generate_private_key(ec.SECP256K1())),
        jwk(P256, alg="RS256"),
    ],
)
def test_what_is_no_private_key_that_can_be_used_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        read_client_key(text)


def test_h6_a_key_shows_in_no_repr_and_no_error() -> None:
    text = jwk(P256, kid="x")
    secret = json.loads(text)["d"]
    assert secret not in repr(read_client_key(text))
    with pytest.raises(ValueError, match="key") as caught:
        read_client_key(json.dumps({**json.loads(text), "crv": "P-0"}))
    assert secret not in str(caught.value)


def test_the_algorithm_is_the_first_of_ours_that_the_provider_takes() -> None:
    key = read_client_key(pem(RSA))
    assert key.algorithm(None) == "RS256"
    assert key.algorithm(("ES256", "PS512", "PS256")) == "PS256"
    assert key.algorithm(("ES256", "HS256")) is None
