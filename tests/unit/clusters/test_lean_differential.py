"""Our own client beside aiohttp's, on the same bytes: it reads every valid answer, and none that aiohttp refuses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.unit.clusters.answers import Written, meddled, scripts, written
from tests.unit.clusters.wire import Got, Outcome, Refused, Script, Waiting, by_aiohttp, by_lean

_OFTEN = settings(max_examples=100, deadline=None)


async def _both(script: Script) -> tuple[Outcome, Outcome]:
    return await by_lean(script), await by_aiohttp(script)


@given(st.data(), written())
@_OFTEN
def test_both_read_every_valid_answer_however_it_is_split(data: st.DataObject, answer: Written) -> None:
    ends = ("closed",) if answer.framed == "close" else ("open", "closed", "reset")
    lean, other = asyncio.run(_both(data.draw(scripts(answer.raw, answer.method, ends))))
    assert isinstance(lean, Got)
    assert isinstance(other, Got)
    read = (lean.status, lean.reason, lean.headers, lean.body)
    assert read == (answer.status, answer.reason, answer.headers, answer.body)
    assert read == (other.status, other.reason, other.headers, other.body)


@given(st.data(), written())
@_OFTEN
def test_a_connection_is_kept_after_an_answer_that_says_so_and_after_no_other(
    data: st.DataObject, answer: Written
) -> None:
    ends = ("closed",) if answer.framed == "close" else ("open",)
    script = data.draw(scripts(answer.raw, answer.method, ends))
    lean = asyncio.run(by_lean(script))
    assert isinstance(lean, Got)
    assert lean.lasting == (answer.keeps and answer.method != "HEAD")


@given(st.data(), written(), st.binary(min_size=1, max_size=20).filter(lambda junk: junk.strip(b"\r\n")))
@_OFTEN
def test_bytes_after_an_answer_end_the_connection_and_change_nothing_else(
    data: st.DataObject, answer: Written, junk: bytes
) -> None:
    if answer.framed == "close":
        return
    script = data.draw(scripts(answer.raw + junk, answer.method, ("open",)))
    lean = asyncio.run(by_lean(script))
    assert isinstance(lean, Got)
    assert (lean.body, lean.lasting) == (answer.body, False)


@given(st.data(), written())
@_OFTEN
def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one(data: st.DataObject, answer: Written) -> None:
    kept = data.draw(st.integers(0, len(answer.raw) - 1))
    how = data.draw(st.sampled_from(["closed", "reset"]))
    lean, other = asyncio.run(_both(data.draw(scripts(answer.raw[:kept], answer.method, (how,)))))
    # A body that ends with the connection can't be told from one that breaks off, where it breaks off properly.
    if answer.framed == "close" and how == "closed" and isinstance(lean, Got):
        assert answer.body.startswith(lean.body)
        assert isinstance(other, Got)
    else:
        assert lean == Refused()


def _codings(raw: bytes) -> list[bytes]:
    found = re.findall(rb"(?im)^transfer-encoding:[ \t]*(.*?) *\r?$", raw)
    return [value.lower() for value in found]


# Where our own client refuses what aiohttp takes. Each is something that no API server sends, and by which two that
# read the same bytes may come to differ on where an answer ends.
STRICTER: Mapping[str, Callable[[Script], bool]] = {
    "a line that ends with LF alone": lambda script: re.search(rb"(?<!\r)\n", script.raw) is not None,
    "a CR that ends no line": lambda script: re.search(rb"\r(?!\n)", script.raw) is not None,
    "a header that goes on in the next line": lambda script: re.search(rb"\r\n[ \t]", script.raw) is not None,
    "white space in a header's name": lambda script: re.search(rb"\n[^:\r\n]*[ \t][^:\r\n]*:", script.raw) is not None,
    "a control character in a header": lambda script: (
        re.search(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", script.raw) is not None
    ),
    "white space after a chunk's size": lambda script: re.search(rb"\r\n[0-9a-fA-F]+[ \t]", script.raw) is not None,
    "a transfer coding but one `chunked`": lambda script: _codings(script.raw) not in ([], [b"chunked"]),
    "an interim answer with a body": lambda script: (
        re.search(rb"(?im)^HTTP/1\.[01] 1(.+\n)*transfer-encoding:", script.raw) is not None
    ),
    "a transfer coding in HTTP/1.0": lambda script: (
        b"HTTP/1.0" in script.raw and re.search(rb"(?i)transfer-encoding:", script.raw) is not None
    ),
    "another version than HTTP/1.0 and 1.1": lambda script: (
        re.search(rb"(?m)^HTTP/(?!1\.[01] )", script.raw) is not None
    ),
    "a status below 100": lambda script: re.search(rb"/1\.[01] 0", script.raw) is not None,
    "a body that ends with a connection which breaks": lambda script: script.end == "reset",
}


async def _without_what_comes_after(script: Script) -> Script:
    """The answer alone: the shortest beginning of `script` that our own client takes for a whole one."""
    too_short, enough = 0, len(script.raw)
    while enough - too_short > 1:
        length = (too_short + enough) // 2
        if isinstance(await by_lean(Script([script.raw[:length]], "open", script.method)), Got):
            enough = length
        else:
            too_short = length
    return Script([script.raw[:enough]], "open", script.method)


async def compare(script: Script) -> list[str]:
    """Hold the two against each other; returns for which reasons of `STRICTER` ours refuses what aiohttp takes."""
    lean, other = await _both(script)
    if isinstance(lean, Got):
        if isinstance(other, Refused):
            # What comes after an answer spoils it for aiohttp, if it happens to come in the same read.
            lean, other = await _both(await _without_what_comes_after(script))
            assert isinstance(lean, Got)
        assert isinstance(other, Got)
        read = (lean.status, lean.reason, lean.headers, lean.body)
        assert read == (other.status, other.reason, other.headers, other.body)
    elif isinstance(lean, Waiting):
        assert isinstance(other, Waiting)
    elif isinstance(other, Got):  # aiohttp may wait for ever for the rest of an answer that it knows is faulty
        reasons = [reason for reason, holds in STRICTER.items() if holds(script)]
        assert reasons
        return reasons
    return []


@given(st.data(), meddled())
@settings(max_examples=400, deadline=None)
def test_what_only_one_of_them_takes_is_refused_by_ours_and_for_a_reason_that_is_listed(
    data: st.DataObject, broken: tuple[bytes, str]
) -> None:
    for reason in asyncio.run(compare(data.draw(scripts(*broken)))):
        event(reason)
