"""Values that nobody can guess: Proof Key for Code Exchange (RFC 7636, method S256 and no other), state and nonce."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

METHOD = "S256"


def unguessable(random: Callable[[int], bytes], size: int) -> str:
    """`size` random bytes in the characters that URLs, headers and verifiers take as they are."""
    return urlsafe_b64encode(random(size)).rstrip(b"=").decode("ascii")


def new_verifier(random: Callable[[int], bytes]) -> str:
    """A code verifier of 256 bits in 43 characters (section 4.1)."""
    return unguessable(random, 32)


def challenge(verifier: str) -> str:
    """The code challenge for `verifier` (section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def same_text(a: str, b: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    # compare_digest() takes only ASCII as text, and either side can be whatever somebody sent.
    return hmac.compare_digest(a.encode(errors="backslashreplace"), b.encode(errors="backslashreplace"))
