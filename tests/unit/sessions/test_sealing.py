from __future__ import annotations

import pytest

from headlamp.sessions.errors import BadSeal
from headlamp.sessions.sealing import Sealer

SECRET = b"s" * 32


def test_what_was_sealed_is_opened() -> None:
    sealer = Sealer(SECRET)
    assert sealer.open("p", sealer.seal("p", b"text", b"aad"), b"aad") == b"text"


def test_another_process_with_the_same_secret_opens_it() -> None:
    assert Sealer(SECRET).open("p", Sealer(SECRET).seal("p", b"text")) == b"text"


def test_equal_texts_look_different_when_sealed() -> None:
    sealer = Sealer(SECRET)
    assert sealer.seal("p", b"text") != sealer.seal("p", b"text")


@pytest.mark.parametrize("position", [0, 12, 16, -1])
def test_a_changed_byte_breaks_the_seal(position: int) -> None:
    sealed = bytearray(Sealer(SECRET).seal("p", b"text"))
    sealed[position] ^= 1
    with pytest.raises(BadSeal):
        Sealer(SECRET).open("p", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 28])
def test_what_was_never_sealed_is_not_opened(sealed: bytes) -> None:
    with pytest.raises(BadSeal):
        Sealer(SECRET).open("p", sealed)


def test_a_value_sealed_for_one_purpose_is_not_opened_for_another() -> None:
    sealer = Sealer(SECRET)
    with pytest.raises(BadSeal):
        sealer.open("session", sealer.seal("login transaction", b"text"))


def test_a_value_is_bound_to_its_associated_data() -> None:
    sealer = Sealer(SECRET)
    with pytest.raises(BadSeal):
        sealer.open("p", sealer.seal("p", b"text", b"row 1"), b"row 2")


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(BadSeal):
        Sealer(b"t" * 32).open("p", Sealer(SECRET).seal("p", b"text"))


def test_a_record_needs_the_holders_key_as_well_as_the_secret() -> None:
    sealer = Sealer(SECRET)
    sealed = sealer.seal_for(b"k" * 32, "p", b"text")
    assert sealer.open_for(b"k" * 32, "p", sealed) == b"text"
    with pytest.raises(BadSeal):
        sealer.open_for(b"l" * 32, "p", sealed)
    with pytest.raises(BadSeal):
        sealer.open("p", sealed)


def test_keyed_hashes_depend_on_secret_purpose_and_where_texts_end() -> None:
    sealer = Sealer(SECRET)
    hashes = {
        sealer.mac("sid", "ab", "c"),
        sealer.mac("sid", "a", "bc"),
        sealer.mac("sub", "ab", "c"),
        Sealer(b"t" * 32).mac("sid", "ab", "c"),
    }
    assert len(hashes) == 4
    assert sealer.mac("sid", "ab", "c") in hashes


def test_h6_the_secret_is_not_in_the_representation() -> None:
    assert "ssss" not in repr(Sealer(SECRET))
