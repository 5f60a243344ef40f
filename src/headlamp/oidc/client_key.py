"""The private key by which this client proves itself: reading it, and choosing how to sign with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from headlamp.oidc.jose import registry_for

_RSA = ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")
_BY_CURVE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "P-256": ("ES256",),
        "P-384": ("ES384",),
        "P-521": ("ES512",),
        "Ed25519": ("EdDSA", "Ed25519"),
        "Ed448": ("EdDSA",),
    }
)
# RFC 7518, section 3.3.
_SHORTEST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A private key with its id, and the algorithms that it can sign with, the most widely known first."""

    key_id: str
    algorithms: tuple[str, ...]
    private: RSAKey | ECKey | OKPKey = field(repr=False)

    def algorithm(self, offered: tuple[str, ...] | None) -> str | None:
        """The first of ours that the provider takes, None if it takes none; silence is taken for agreement."""
        if offered is None:
            return self.algorithms[0]
        return next((name for name in self.algorithms if name in offered), None)

    def sign(self, claims: Mapping[str, Any], algorithm: str) -> str:
        """A JWT in compact form."""
        header = {"alg": algorithm, "kid": self.key_id, "typ": "JWT"}
        payload = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, payload, self.private, registry=registry_for(algorithm))


def read_client_key(text: str, *, key_id: str = "") -> ClientKey:
    """The key in a PEM or JWK text. Its id is `key_id`, else the JWK's own, else its thumbprint (RFC 7638).

    Raises `ValueError` when it holds no private key that can be used as it is.
    """
    try:
        members = json.loads(text) if text.lstrip().startswith("{") else None
        key = _from_pem(text) if members is None else _from_jwk(members)
    except (JoseError, UnsupportedAlgorithm, TypeError, KeyError, ValueError, RecursionError):
        # An encrypted PEM is a TypeError.
        raise ValueError("not a private key that can be used as it is") from None
    if key is None:
        raise ValueError("a key of a kind that is not used for signing here")
    if not key.is_private:
        raise ValueError("a public key, where a private one is needed")
    algorithms = _algorithms(key)
    named = members or {}
    if isinstance(named.get("alg"), str):
        algorithms = tuple(name for name in algorithms if name == named["alg"])
    if not algorithms:
        raise ValueError("a key of a kind that is not used for signing here")
    own = named.get("kid")
    return ClientKey(key_id or (own if isinstance(own, str) else "") or key.thumbprint(), algorithms, key)


def _from_pem(text: str) -> RSAKey | ECKey | OKPKey | None:
    # Whether an RSA key is consistent takes 70 ms to find out, and was found out when the settings were read.
    private = load_pem_private_key(text.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(private, RSAPrivateKey) and private.key_size >= _SHORTEST_RSA_BITS:
        return RSAKey.import_key(private)
    if isinstance(private, EllipticCurvePrivateKey):
        return ECKey.import_key(private)
    if isinstance(private, Ed25519PrivateKey | Ed448PrivateKey):
        return OKPKey.import_key(private)
    return None


def _from_jwk(members: Mapping[str, Any]) -> RSAKey | ECKey | OKPKey:
    kinds: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    return kinds[members["kty"]].import_key({name: v for name, v in members.items() if isinstance(v, str)})


def _algorithms(key: RSAKey | ECKey | OKPKey) -> tuple[str, ...]:
    if isinstance(key, RSAKey):
        return _RSA if key.raw_value.key_size >= _SHORTEST_RSA_BITS else ()
    return _BY_CURVE.get(key.curve_name, ())
