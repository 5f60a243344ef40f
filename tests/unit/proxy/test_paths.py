"""Request targets: one form for the decision and for the wire."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.upstream import RecordingUpstream
from tests.unit.proxy.conftest import Front

from headlamp.proxy.errors import BadPath
from headlamp.proxy.paths import normalised, parse_target

HOSTILE = [
    "/clusters/one/api/%2e%2e/x",
    "/clusters/one/api/../x",
    "/clusters/one/api/.%2E/x",
    "/clusters/one/./x",
    "/clusters/one//x",
    "/clusters/one/x//",
    "//clusters/one/x",
    "/clusters//x",
    "/clusters/",
    "/clusters/one/a%2fb",
    "/clusters/one/a%2Fb",
    "/clusters/one/a\\b",
    "/clusters/one/a%5cb",
    "/clusters/one/a%00b",
    "/clusters/one/a%0d%0aX:y",
    "/clusters/one/a%09b",
    "/clusters/one/a%7fb",
    "/clusters/one/a%c2%85b",
    "/clusters/one/a%252e%252e/b",
    "/clusters/one/%c0%ae%c0%ae/b",
    "/clusters/one/%c0%af",
    "/clusters/one/%e0%80%af",
    "/clusters/one/%ff",
    "/clusters/one/a%2",
    "/clusters/one/a%zz",
    "/clusters/one/a#b",
    "/clusters/one/a?b#c",
    "http://evil.example/clusters/one/x",
    "https://evil.example/clusters/one/x",
    "evil.example:443",
    "*",
    "",
    "/clusters/../clusters/one/x",
    "/clusters/%2e%2e/x",
    "/clusters/o%2fne/x",
    "/clusters/one%0d%0a/x",
    "/clusters/one%5c/x",
    "/x/one/y",
]


@pytest.mark.parametrize("target", HOSTILE)
def test_f4_f5_a_target_without_one_single_meaning_is_refused(target: str) -> None:
    with pytest.raises(BadPath):
        parse_target(target)


@pytest.mark.parametrize("target", [target for target in HOSTILE if target and not target.startswith("evil")])
async def test_f5_nothing_of_it_reaches_the_cluster(front: Front, upstream: RecordingUpstream, target: str) -> None:
    answer = await front.raw_get(target)
    # A fragment never leaves a browser; a server that meets one may drop it, and then it has dropped it for both sides.
    if "#" in target and b" 200 " in answer.split(b"\r\n")[0]:
        assert "#" not in upstream.last.target
        return
    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("came", "sent"),
    [
        ("/api/v1/pods", "/api/v1/pods"),
        ("/", "/"),
        ("", "/"),
        ("/api/v1/namespaces/a/services/https:s:443/proxy/", "/api/v1/namespaces/a/services/https:s:443/proxy/"),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", None),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
        ),
        ("/api/v1/p%6fds", "/api/v1/pods"),
        ("/api/v1/a;b", "/api/v1/a%3Bb"),
        ("/api/v1/a%3bb", "/api/v1/a%3Bb"),
        ("/api/v1/a%3fb%23c", "/api/v1/a%3Fb%23c"),
        ("/api/v1/gr%C3%BCn", "/api/v1/gr%C3%BCn"),
        ("/api/v1/a%20b", "/api/v1/a%20b"),
        ("/api/v1/..a", "/api/v1/..a"),
    ],
)
async def test_f5_what_is_sent_is_the_normal_form(
    front: Front, upstream: RecordingUpstream, came: str, sent: str | None
) -> None:
    front.options["allow_proxy_subresource"] = True
    assert b" 200 OK" in await front.raw_get("/clusters/one" + came)
    assert upstream.last.target == (came if sent is None else sent)


@pytest.mark.parametrize(
    "query",
    [
        "labelSelector=a%20in%20%28b%2Cc%29&x=%2f+%2B&&y&z=",
        "fieldSelector=metadata.name%3Dx,spec.nodeName!=y",
        "labelSelector=app+in+(a,b)",
        "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEi%3D%3D",
        "command=sh&command=-c&command=ls%20/%2e%2e//x",
        "q=http://x//y/../z?a",
        "a=%zz%2",
    ],
)
async def test_f5_the_query_is_passed_on_byte_for_byte(front: Front, upstream: RecordingUpstream, query: str) -> None:
    assert b" 200 OK" in await front.raw_get(f"/clusters/one/api/v1/pods?{query}")
    assert upstream.last.target == f"/api/v1/pods?{query}"


def test_f5_what_is_decided_on_is_what_is_sent() -> None:
    target = parse_target("/base/clusters/a%40b/api/v1/n%6fdes/x/pr%6fxy/?y=z", "/base")
    assert target.cluster == "a@b"
    assert target.segments == ("api", "v1", "nodes", "x", "proxy")
    assert target.sent == "/api/v1/nodes/x/proxy/?y=z"
    assert target.prefix == "/base/clusters/a@b"
    assert target.is_proxy_subresource


def test_another_base_url_is_not_ours() -> None:
    with pytest.raises(BadPath):
        parse_target("/clusters/one/x", "/base")


@pytest.mark.parametrize(
    ("target", "stream"),
    [
        ("/api/v1/pods?watch=1", True),
        ("/api/v1/pods?x=y&watch=true", True),
        ("/api/v1/pods?watch=", True),
        ("/api/v1/pods?watch=false", False),
        ("/api/v1/pods?labelSelector=watch", False),
        ("/api/v1/namespaces/a/pods/p/log?follow=true", True),
        ("/api/v1/namespaces/a/pods/p/log", False),
        ("/api/v1/namespaces/a/pods/p/exec?command=ls", True),
    ],
)
def test_answers_that_may_take_long_are_told_from_short_ones(target: str, stream: bool) -> None:
    assert parse_target("/clusters/one" + target).is_stream is stream


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_f5_normalising_twice_changes_nothing(text: str) -> None:
    try:
        segments, path = normalised("/" + quote(text, safe=""))
    except BadPath:
        return
    assert normalised(path) == (segments, path)
    assert unquote(path) == "/" + text


def test_h1_a_query_of_a_hundred_thousand_parameters_is_bounded_work() -> None:
    target = parse_target("/clusters/one/x?" + "watch&" * 100_000)
    assert target.is_stream


@given(st.text(alphabet="a.~/:-", max_size=12))
def test_f5_a_plain_path_passes_as_it_is_unless_a_segment_is_empty_or_moves(text: str) -> None:
    raw = "/" + text
    segments = text.removesuffix("/").split("/") if text else []
    if {"", ".", ".."} & set(segments):
        with pytest.raises(BadPath):
            normalised(raw)
    else:
        assert normalised(raw) == (tuple(segments), raw)
