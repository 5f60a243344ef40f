"""Signing of tokens by hand: a library would refuse most of what the adversarial tests have to make."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


@dataclass(frozen=True)
class SigningKey:
    """A provider's private key under its published id."""

    kid: str
    private: PrivateKey

    def jwk(self, **members: Any) -> dict[str, Any]:
        """The public key as a member of a key set."""
        public = self.private.public_key()
        key: RSAKey | ECKey | OKPKey
        if isinstance(public, rsa.RSAPublicKey):
            key = RSAKey.import_key(public)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            key = ECKey.import_key(public)
        else:
            key = OKPKey.import_key(public)
        return {**key.as_dict(private=False), "kid": self.kid, "use": "sig", **members}

    def public_bytes(self, form: str) -> bytes:
        """The public key as an attacker would use it for an HMAC secret: "pem", "der" or "jwk"."""
        if form == "jwk":
            return json.dumps(self.jwk(), separators=(",", ":")).encode()
        encoding = Encoding.PEM if form == "pem" else Encoding.DER
        return self.private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@cache
def rsa_key(kid: str = "rsa-1") -> SigningKey:
    """An RSA key, made once for each id, since making one takes long."""
    return SigningKey(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))


@cache
def ec_key(kid: str = "ec-1") -> SigningKey:
    """A P-256 key, made once for each id."""
    return SigningKey(kid, ec.generate_private_key(ec.SECP256R1()))


@cache
def ed25519_key(kid: str = "ed-1") -> SigningKey:
    """An Ed25519 key, made once for each id."""
    return SigningKey(kid, ed25519.Ed25519PrivateKey.generate())


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(
    claims: Mapping[str, Any] | bytes, key: SigningKey, alg: str = "RS256", header: Mapping[str, Any] | None = None
) -> str:
    """A token in compact form. A header member of value None is left out.

    Besides real algorithms, `alg` may be "none", or "HS256/pem", "HS256/der", "HS256/jwk" for an HMAC with the public
    key as secret, or "HS256/secret=…" for one with that secret.
    """
    name, _, form = alg.partition("/")
    full = {"alg": name, "typ": "JWT", "kid": key.kid, **(header or {})}
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = b64(json.dumps({k: v for k, v in full.items() if v is not None}).encode()) + "." + b64(payload)
    return text + "." + b64(_signer(name, form, key)(text.encode()))


def _signer(alg: str, form: str, key: SigningKey) -> Callable[[bytes], bytes]:
    if alg == "none":
        return lambda _: b""
    if alg.startswith("HS"):
        name, _, given = form.partition("=")
        secret = given.encode() if name == "secret" else key.public_bytes(form or "pem")
        return lambda text: hmac.new(secret, text, hashlib.sha256).digest()
    private = key.private
    if isinstance(private, rsa.RSAPrivateKey):
        digest = _HASHES[alg[-3:]]
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if alg.startswith("PS") else padding.PKCS1v15()
        return lambda text: private.sign(text, scheme, digest)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return lambda text: _raw(private.sign(text, ec.ECDSA(hashes.SHA256())))
    return private.sign


def _raw(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def at_hash(access_token: str, alg: str = "RS256") -> str:
    """The `at_hash` of a token beside an ID token that is signed with `alg`; EdDSA means Ed25519."""
    bits = alg[-3:] if alg[-3:].isdigit() else "512"
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    return b64(digest[: len(digest) // 2])
