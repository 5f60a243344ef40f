"""Sealing: values that only this server can read and make, and hashes that only this server can compute."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headlamp.sessions.errors import BadSeal

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32


class Sealer:
    """AES-256-GCM (NIST SP 800-38D) under keys derived from one server secret by HKDF (RFC 5869), one key a purpose.

    A purpose is a short text such as "login transaction": what was sealed for one is never opened for another.
    """

    def __init__(self, secret: bytes, *, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._secret = secret
        self._random = random
        self._keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "Sealer()"

    def seal(self, purpose: str, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Encrypt `plaintext`; 28 bytes are added. `aad` is bound to it: the same is needed to open it."""
        return self._encrypt(self._key(purpose), plaintext, aad)

    def open(self, purpose: str, sealed: bytes, aad: bytes = b"") -> bytes:
        """What was sealed. Raises `BadSeal` when anything about it is not as it was."""
        return self._decrypt(self._key(purpose), sealed, aad)

    def seal_for(self, holder_key: bytes, purpose: str, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Like `seal`, but to open it takes `holder_key` too, which the server itself does not keep."""
        return self._encrypt(self._derive(purpose, holder_key), plaintext, aad)

    def open_for(self, holder_key: bytes, purpose: str, sealed: bytes, aad: bytes = b"") -> bytes:
        """What was sealed with `seal_for`. Raises `BadSeal`."""
        return self._decrypt(self._derive(purpose, holder_key), sealed, aad)

    def mac(self, purpose: str, *parts: str) -> bytes:
        """A keyed hash (HMAC-SHA-256) of texts: without the secret no guess of them can be checked."""
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        # With its length before each, so that ("ab", "c") is not ("a", "bc").
        message = b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
        return hmac.digest(self._key(purpose), message, "sha256")

    def _encrypt(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)

    def _decrypt(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise BadSeal("too short to be sealed")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except InvalidTag:
            raise BadSeal("sealed by somebody else, for something else, or changed") from None

    def _key(self, purpose: str) -> bytes:
        key = self._keys.get(purpose)
        if key is None:
            key = self._keys[purpose] = self._derive(purpose, b"")
        return key

    def _derive(self, purpose: str, holder_key: bytes) -> bytes:
        # The secret is as long as it is, and the holder's key has a fixed length: the join is unambiguous.
        hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"pyheadlamp", info=f"v1 {purpose}".encode())
        return hkdf.derive(self._secret + holder_key)
