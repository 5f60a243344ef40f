"""Login transactions: small, and readable only as what they are."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.oidc.errors import TransactionUnknown
from headlamp.oidc.transaction import MAX_ENCODED, Transaction, new_transaction


def make(return_to: str = "/c/main/pods?ns=default", cluster: str = "main") -> Transaction:
    return new_transaction(
        provider_id="default",
        redirect_uri="https://headlamp.platform.example.com/tools/oidc-callback",
        return_to=return_to,
        cluster=cluster,
        now=1_764_000_000.5,
        random=secrets.token_bytes,
    )


def test_a_transaction_comes_back_as_it_was() -> None:
    transaction = make()
    assert Transaction.decode(transaction.encode()) == transaction


def test_state_and_nonce_have_at_least_128_bits_and_are_not_the_same() -> None:
    transaction = make()
    assert len(transaction.state) >= 22
    assert len(transaction.nonce) >= 22
    assert len({transaction.state, transaction.nonce, transaction.verifier}) == 3


@given(st.text(max_size=3000), st.text(max_size=30))
def test_a_transaction_stays_small_however_long_the_page_to_come_back_to(return_to: str, cluster: str) -> None:
    try:
        return_to.encode(), cluster.encode()
    except UnicodeEncodeError:
        return
    assert len(make("/" + return_to, cluster).encode()) <= MAX_ENCODED


def test_a_long_query_is_left_out_before_the_path_is() -> None:
    assert make("/c/main/pods?q=" + "x" * 400).return_to == "/c/main/pods"
    assert make("/c/" + "x" * 400).return_to == ""


@pytest.mark.parametrize("data", [b"", b"\x90", b"{}", b"\xff" * 50])
def test_anything_else_is_no_transaction(data: bytes) -> None:
    with pytest.raises(TransactionUnknown):
        Transaction.decode(data)
