"""What our own client writes as the head of a request: one request, whatever its parts hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from httptools import HttpParserError, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from headlamp.clusters.lean.request import Body, Request


async def source() -> AsyncIterator[bytes]:
    yield b"abc"


def written(
    headers: CIMultiDict[str] | dict[str, str] | None = None,
    *,
    method: str = "GET",
    target: str = "/x",
    body: Body = None,
    base: str = "",
) -> Request:
    return Request(method, target, CIMultiDict(headers or {}), body, host="one", base=base, stream=False)


@pytest.mark.parametrize(
    ("method", "body", "headers", "framing"),
    [
        ("GET", None, {}, b""),
        ("DELETE", None, {}, b""),
        ("POST", None, {}, b"Content-Length: 0\r\n"),
        ("PATCH", b"", {}, b"Content-Length: 0\r\n"),
        ("POST", b"abc", {}, b"Content-Length: 3\r\n"),
        ("DELETE", b"abc", {}, b"Content-Length: 3\r\n"),
        ("POST", b"abc", {"Content-Length": "3"}, b"Content-Length: 3\r\n"),
        ("POST", source(), {}, b"Transfer-Encoding: chunked\r\n"),
        ("POST", source(), {"content-length": "3"}, b"content-length: 3\r\n"),
    ],
)
def test_a_body_is_framed_once(method: str, body: Body, headers: dict[str, str], framing: bytes) -> None:
    request = written(headers, method=method, body=body)
    assert request.head == method.encode() + b" /x HTTP/1.1\r\nHost: one\r\n" + framing + b"\r\n"


@pytest.mark.parametrize(
    ("body", "length"),
    [
        (None, "3"),
        (b"abc", "4"),
        (b"abc", "2"),
        (b"abc", "-3"),
        (b"abc", " 3"),
        (b"abc", "٣"),
        (source(), "+3"),
        (source(), ""),
    ],
)
def test_a_length_that_is_not_the_bodys_is_refused(body: Body, length: str) -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        written({"Content-Length": length}, method="POST", body=body)


def test_two_lengths_are_refused() -> None:
    headers = CIMultiDict([("Content-Length", "3"), ("content-length", "3")])
    with pytest.raises(ValueError, match="Content-Length"):
        written(headers, method="POST", body=b"abc")


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive", "Expect"),
        *("a b", "a:b", "", "ä", "a\r\nb"),
    ],
)
def test_a_header_that_is_not_the_callers_to_send_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        written({name: "x"})


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\r\n", "a\nb", "a\rb", "\n", "a\0b", "a\r\n\r\nGET /y HTTP/1.1"])
def test_a_value_that_would_end_its_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break or NUL"):
        written({"A": value})


@pytest.mark.parametrize("method", ["", "GET ", "GET /y", "G\r\nT", "GÄT"])
def test_a_method_that_is_no_token_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="method"):
        written(method=method)


@pytest.mark.parametrize("target", ["", "x", "/a b", "/a\r\nb", "/ä", "/a#b", "/a\tb", "/a\n", "//\0", "http://two/"])
def test_a_target_that_is_no_plain_path_is_refused(target: str) -> None:
    for base in ("", "/base"):
        with pytest.raises(ValueError, match="target"):
            written(target=target, base=base)


def test_what_came_as_bytes_that_are_no_text_goes_on_as_such() -> None:
    assert b"A: \xff\xc3\xa4\r\n" in written({"A": "\udcff\u00e4"}).head


@given(
    st.text(max_size=8),
    st.text(max_size=12),
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=4),
    st.sampled_from([None, b"", b"abc"]),
)
def test_whatever_is_written_is_read_as_one_request_with_these_headers(
    method: str, target: str, headers: list[tuple[str, str]], body: bytes | None
) -> None:
    for given_method in (method, "POST"):
        try:
            request = written(CIMultiDict(headers), method=given_method, target="/" + target, body=body)
        except ValueError:
            continue
        reader = _Reader()
        parser = HttpRequestParser(reader)
        try:
            parser.feed_data(request.head + (body or b""))
        except HttpParserError as error:
            # llhttp knows the methods that there are, and no control characters.
            assert "method" in str(error).lower() or "Invalid header value char" in str(error)  # noqa: PT017
            continue
        assert (reader.begun, reader.ended) == (1, 1)
        assert reader.url == b"/" + target.encode()
        assert reader.body == (body or b"")
        assert reader.names == [b"host", *_framing(request), *(name.lower().encode() for name, _ in headers)]


def _framing(request: Request) -> list[bytes]:
    return [b"content-length"] if b"\r\nContent-Length: " in request.head else []


class _Reader:
    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.url = self.body = b""
        self.names: list[bytes] = []

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_message_complete(self) -> None:
        self.ended += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_header(self, name: bytes, value: bytes) -> None:
        self.names.append(name.lower())


@pytest.mark.parametrize(("method", "repeatable"), [("GET", True), ("HEAD", True), ("PUT", False), ("DELETE", False)])
def test_only_what_changes_nothing_and_can_be_sent_again_is_repeatable(method: str, repeatable: bool) -> None:
    assert written(method=method).repeatable is repeatable
    assert written(method=method, body=b"abc").repeatable is repeatable
    assert not written(method=method, body=source()).repeatable
