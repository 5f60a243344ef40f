"""How much of a head our own client takes, and that it makes the same of the same bytes however they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from tests.unit.clusters.answers import meddled, scripts
from tests.unit.clusters.wire import CLUSTER, READ_SIZE, Got, Refused, Script, Waiting, WireTransport, alike, by_lean

from headlamp.clusters import limits
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.connection import Connection
from headlamp.clusters.lean.request import Request

START = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def in_pieces(raw: bytes, size: int) -> Script:
    return Script([raw[at : at + size] for at in range(0, len(raw), size)])


def fields(count: int, size: int) -> bytes:
    """`count` headers whose names and values have `size` bytes."""
    return (b"A: " + b"b" * (size - 1) + b"\r\n") * count


async def begun(
    pieces: Sequence[bytes], body: AsyncIterator[bytes] | None = None
) -> tuple[Answer, Connection, WireTransport]:
    """An answer whose head has come, its connection, and what brings the rest while it is read."""
    connection = Connection(lambda _: None, memoryview(bytearray(READ_SIZE)))
    wire = WireTransport(Script(pieces), connection)
    method = "GET" if body is None else "POST"
    request = Request(method, "/", CIMultiDict(), body, host="one", base="", stream=False)
    return await connection.exchange(request, CLUSTER), connection, wire


async def some_turns() -> None:
    """Let whatever comes of what has arrived come about."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", ["open", "closed"])
@pytest.mark.parametrize(
    "raw",
    [
        START + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n",
        START + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        START + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        START + b"Content-Length: 1, 1\r\n\r\na",
        START + b"Content-Length: -1\r\n\r\na",
        START + b"Content-Length: +1\r\n\r\na",
        START + b"Content-Length: 0x1\r\n\r\na",
        START + b"Content-Length: 1 1\r\n\r\na",
        START + b"Content-Length:\r\n\r\n",
        START + b"Content-Length: 18446744073709551617\r\n\r\na",
        START + b"Transfer-Encoding: gzip\r\n\r\na",
        START + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        START + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        START + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
        START + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        START + CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
        START + CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
        START + CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
        START + CHUNKED + b"1\na\n0\n\n",
        START + CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
        START + CHUNKED + b"\r\n0\r\n\r\n",
        START + CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n",
        START + b"A: b\r\n c\r\n" + EMPTY,
        START + b"A: b\rc\r\n" + EMPTY,
        START + b"A: b\n" + EMPTY,
        START + b"A: b\0\r\n" + EMPTY,
        START + b": b\r\n" + EMPTY,
        START + b"A\r\n" + EMPTY,
        b"HTTP/1.1 099 OK\r\n" + EMPTY,
        b"HTTP/1.1 20 OK\r\n" + EMPTY,
        b"HTTP/1.1 2000 OK\r\n" + EMPTY,
        b"HTTP/0.9 200 OK\r\n" + EMPTY,
        b"HTTP/2.0 200 OK\r\n" + EMPTY,
        b"HTTP/1.1 103 Early Hints\r\n" + CHUNKED + b"4\r\nevil\r\n0\r\n\r\n" + START + EMPTY,
        b"HTTP/1.1 103 Early Hints\r\n" + CHUNKED + b"0\r\n\r\n" + START + EMPTY,
        b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"<html>",
    ],
)
async def test_what_two_could_read_differently_is_no_answer(raw: bytes, end: str) -> None:
    assert await by_lean(Script([raw], end)) == Refused()
    assert await by_lean(Script([raw[at : at + 1] for at in range(len(raw))], end)) == Refused()


@pytest.mark.parametrize(
    ("method", "start"), [("HEAD", START), ("GET", b"HTTP/1.1 204 OK\r\n"), ("GET", b"HTTP/1.1 304 OK\r\n")]
)
@pytest.mark.parametrize("framed", [b"Content-Length: 3\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", b"\r\nabc"])
async def test_a_body_where_none_belongs_is_dropped_with_the_connection(
    method: str, start: bytes, framed: bytes
) -> None:
    outcome = await by_lean(Script([start + framed], method=method))
    assert isinstance(outcome, Got)
    assert (outcome.body, outcome.lasting) == (b"", False)


async def test_white_space_around_a_value_is_not_part_of_it() -> None:
    outcome = await by_lean(Script([START + b"A: \tb c \t\r\nTransfer-Encoding:  Chunked \r\n\r\n0\r\n\r\n"]))
    assert isinstance(outcome, Got)
    assert outcome.headers == (("a", "b c"), ("transfer-encoding", "Chunked"))


@pytest.mark.parametrize("size", [1_000, 2**20])
@pytest.mark.parametrize(
    ("raw", "taken"),
    [
        (START + fields(127, 400) + EMPTY, True),
        (START + fields(128, 400) + EMPTY, False),
        (START + fields(1, 32 * 1024) + EMPTY, True),
        (START + fields(1, 32 * 1024 + 1) + EMPTY, False),
        (START + fields(2, 32 * 1024 - 30) + EMPTY, True),
        (START + fields(3, 22 * 1024) + EMPTY, False),
        (b"HTTP/1.1 200 " + b"x" * (16 * 1024) + b"\r\n" + EMPTY, True),
        (b"HTTP/1.1 200 " + b"x" * (16 * 1024 + 1) + b"\r\n" + EMPTY, False),
        (START + CHUNKED + b"0\r\n" + fields(128, 400) + b"\r\n", True),
        (START + CHUNKED + b"0\r\n" + fields(129, 400) + b"\r\n", False),
        (START + CHUNKED + b"0\r\n" + fields(3, 22 * 1024) + b"\r\n", False),
    ],
    ids=lambda value: f"{value[:13]!r} {len(value)}" if isinstance(value, bytes) else str(value),
)
async def test_a_head_is_taken_up_to_its_limits(raw: bytes, size: int, taken: bool) -> None:
    outcome = await by_lean(in_pieces(raw, size))
    assert isinstance(outcome, Got) if taken else outcome == Refused()


@pytest.mark.parametrize(
    ("begin", "endless"),
    [
        (b"", b"\r\n"),
        (b"HTTP/1.1 200 ", b"x"),
        (START + b"A: ", b"x"),
        (START, b"A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
        (START + CHUNKED + b"1;", b"x"),
        (START + CHUNKED, b"0"),
        (START + CHUNKED + b"0\r\nA: ", b"x"),
        (START + CHUNKED + b"0\r\n", b"A: b\r\n"),
    ],
)
async def test_what_brings_no_body_may_not_go_on_for_ever(begin: bytes, endless: bytes) -> None:
    many = endless * (300_000 // len(endless))
    assert await by_lean(in_pieces(begin + many, 5_000)) == Refused()


async def test_a_body_may_go_on_for_as_long_as_it_likes() -> None:
    chunk = b"1;" + b"x" * 100 + b"\r\na\r\n"
    outcome = await by_lean(in_pieces(START + CHUNKED + chunk * 5_000 + b"0\r\n\r\n", 5_000))
    assert isinstance(outcome, Got)
    assert outcome.body == b"a" * 5_000


async def test_a_body_of_small_pieces_costs_no_more_memory_than_one_of_large_ones() -> None:
    # Held as it comes, each of these bytes would take many times its size.
    answer, _, wire = await begun([START + CHUNKED, *[b"2\r\naa\r\n" * 1_000] * 100])
    await some_turns()
    assert wire.pauses == 1
    assert len(answer._pieces) < 4_000
    await answer.leave()


LARGE = b"x" * 100_000
LARGE_CHUNK = b"%x\r\n" % len(LARGE) + LARGE + b"\r\n"


async def test_no_more_is_taken_while_a_piece_is_on_its_way_to_a_slow_reader() -> None:
    answer, _, wire = await begun([START + CHUNKED, *[LARGE_CHUNK] * 3])
    chunks = answer.chunks()
    for _ in range(3):
        assert await anext(chunks) == LARGE
        await some_turns()
        assert (wire.is_reading(), answer.held) == (False, 0)
    await answer.leave()


async def test_a_reader_who_takes_his_time_is_no_silence_of_the_server_when_the_upload_ends_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.05)
    answered = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        await answered.wait()
        yield b"the end"

    answer, connection, wire = await begun([START + CHUNKED, LARGE_CHUNK, b"0\r\n\r\n"], body())
    await some_turns()
    assert not wire.is_reading()
    answered.set()
    await asyncio.sleep(0.2)
    connection.give_up_if_overdue()
    assert wire.written.endswith(b"the end\r\n0\r\n\r\n")
    assert await answer.read(len(LARGE)) == LARGE


@pytest.mark.parametrize(("spare", "lasting"), [(0, False), (1, True)])
async def test_a_connection_is_not_kept_where_tls_may_hold_more_than_was_read(spare: int, lasting: bool) -> None:
    head = START + b"Content-Length: %d\r\n\r\n"
    size = READ_SIZE - spare - len(head % READ_SIZE)
    outcome = await by_lean(Script([head % size + b"x" * size]))
    assert isinstance(outcome, Got)
    assert (len(outcome.body), outcome.lasting) == (size, lasting)


@given(st.data(), meddled())
@settings(max_examples=100, deadline=None)
def test_the_same_bytes_are_the_same_answer_however_they_are_split(
    data: st.DataObject, broken: tuple[bytes, str]
) -> None:
    raw, method = broken
    script = data.draw(scripts(raw, method, ("open", "closed")))
    at_once = Script([raw] if raw else [], script.end, method)
    one, other = asyncio.run(by_lean(at_once)), asyncio.run(by_lean(script))
    assert alike(one, other, raw)


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from(["open", "closed", "reset"]))
@settings(max_examples=100, deadline=None)
def test_no_bytes_whatever_bring_anything_but_an_answer_or_a_refusal(pieces: list[bytes], end: str) -> None:
    script = Script([START + CHUNKED, *pieces], end)
    assert isinstance(asyncio.run(by_lean(script)), Got | Refused | Waiting)
    assert isinstance(asyncio.run(by_lean(Script(pieces, end))), Got | Refused | Waiting)
