"""Resource versions are compared only where that means something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.versions import is_before, is_number


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_numbers_of_64_bits_are_compared(one: int, other: int) -> None:
    assert is_before(str(one), str(other)) is (one < other)


@pytest.mark.parametrize("version", ["", "abc", "-1", "1.5", "٣", "²", "9" * 21, "9" * 5000])
def test_all_else_is_neither_before_nor_after(version: str) -> None:
    assert not is_number(version)
    assert not is_before(version, "5")
    assert not is_before("5", version)
