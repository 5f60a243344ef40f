"""One sign-in on its way: what has to be known again when the person comes back from the provider."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from headlamp.discreet import Discreet
from headlamp.oidc.errors import TransactionUnknown
from headlamp.oidc.pkce import new_verifier, unguessable

LIFETIME = 600.0
MAX_ENCODED = 360
"""Bytes before sealing: sealed with a session ticket of 48 bytes, and in a cookie's alphabet, it stays under 600."""


class Transaction(Discreet, frozen=True, array_like=True):
    """Kept by the browser in a sealed cookie, so that any replica can finish it and no other browser can.

    `return_to` is the page to come back to, `cluster` the one that the sign-in was started for ("" for none),
    `created_at` in seconds since the epoch, with their fraction: of two that start at once one is older.
    """

    provider_id: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    return_to: str
    cluster: str
    created_at: float

    def __repr__(self) -> str:
        return f"Transaction(provider_id={self.provider_id!r}, created_at={self.created_at})"

    def encode(self) -> bytes:
        """As bytes, to be sealed."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Transaction:
        """The transaction of `encode`. Raises `TransactionUnknown` for anything else."""
        try:
            return msgspec.msgpack.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise TransactionUnknown("The sign-in's cookie cannot be read.") from None


def new_transaction(
    *, provider_id: str, redirect_uri: str, return_to: str, cluster: str, now: float, random: Callable[[int], bytes]
) -> Transaction:
    """A fresh transaction: state and nonce of 128 bits, a verifier of 256.

    A `return_to` too long for the cookie loses its query and then everything: the person lands on a page further up.
    """
    transaction = Transaction(
        provider_id=provider_id,
        state=unguessable(random, 16),
        nonce=unguessable(random, 16),
        verifier=new_verifier(random),
        redirect_uri=redirect_uri,
        return_to=return_to,
        cluster=cluster,
        created_at=now,
    )
    for shorter in (urlsplit(return_to).path, ""):
        if len(transaction.encode()) <= MAX_ENCODED:
            break
        transaction = msgspec.structs.replace(transaction, return_to=shorter)
    return transaction
