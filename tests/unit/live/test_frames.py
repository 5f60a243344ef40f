"""A message compressed once is every subscription's."""

from __future__ import annotations

import gzip
import json

from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.frames import COMPRESS_FROM, Payload
from headlamp.live.protocol import Rows, State, WireRow, encode

IDS = st.integers(1, 2**53 - 1)


@given(st.lists(st.text(max_size=300), max_size=30), IDS, IDS)
def test_a_frame_says_what_the_message_says_with_the_id_of_its_subscription(names: list[str], a: int, b: int) -> None:
    rows: list[WireRow] = [("ns", [name, None]) for name in names]
    payload = Payload(Rows(0, True, rows))
    for number in (a, b):
        frame = payload.frame(number)
        plain = frame if isinstance(frame, str) else gzip.decompress(frame).decode()
        assert json.loads(plain) == json.loads(encode(Rows(number, True, rows)))


def test_small_messages_are_text_and_large_ones_one_gzip_member() -> None:
    small = Payload(State(0, "live", 1.0)).frame(3)
    assert isinstance(small, str)
    assert json.loads(small)["id"] == 3
    large = Payload(Rows(0, False, [("a", ["x" * COMPRESS_FROM])])).frame(3)
    assert isinstance(large, bytes)
    # Browsers refuse a second member; this one has a single header.
    assert large.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff") == 1
