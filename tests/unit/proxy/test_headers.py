"""The header table, up and down."""

from __future__ import annotations

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from tests.support.upstream import RecordingUpstream
from tests.unit.proxy.conftest import Front

from headlamp.clusters.credential import Bearer
from headlamp.proxy.errors import BadHeader
from headlamp.proxy.headers import headers_down, headers_up

NEVER_UP = [
    "Authorization: Bearer stolen",
    "authorization: Basic eA==",
    "Cookie: __Host-headlamp=x",
    "X-Remote-User: admin",
    "X-Remote-Group: system:masters",
    "X-Remote-Extra-Scopes: x",
    "X-Forwarded-For: 10.0.0.1",
    "X-Forwarded-Proto: https",
    "X-Forwarded-User: admin",
    "Forwarded: for=10.0.0.1",
    "X-Original-URL: /x",
    "X-Real-IP: 10.0.0.1",
    "Proxy-Authorization: Basic eA==",
    "Proxy-Connection: close",
    "X_Remote_User: admin",
    "Impersonate_User: admin",
    "Impersonate-Extra-a_b: x",
    "IMPERSONATE_GROUP: system:masters",
    "Origin: http://evil.example",
    "Referer: http://evil.example",
    "Kubeconfig: eA==",
    "X-Http-Method-Override: DELETE",
    "TE: trailers",
    "Keep-Alive: 5",
    "Sec-Fetch-Site: same-origin",
    "Accept-Language: de",
]


@pytest.mark.parametrize("line", NEVER_UP)
async def test_f3_f3b_a_header_that_is_not_in_the_table_never_reaches_the_cluster(
    front: Front, upstream: RecordingUpstream, line: str
) -> None:
    assert b" 200 OK" in await front.raw_get("/clusters/one/version", line)
    assert upstream.last.names == {"host", "authorization", "user-agent"}
    assert upstream.last.values("Authorization") == ["Bearer token-of-alice"]


async def test_f3a_what_connection_names_is_not_passed_on(front: Front, upstream: RecordingUpstream) -> None:
    lines = [
        "Connection: close, If-Match",
        "Connection: ACCEPT",
        "If-Match: x",
        "Accept: text/plain",
        "Range: bytes=0-",
    ]
    assert b" 200 OK" in await front.raw_get("/clusters/one/version", *lines)
    assert upstream.last.names == {"host", "authorization", "user-agent", "range"}


async def test_f3a_connection_cannot_take_away_the_credential(front: Front, upstream: RecordingUpstream) -> None:
    await front.raw_get("/clusters/one/version", "Connection: close, Authorization, Host, User-Agent")
    assert upstream.last.values("Authorization") == ["Bearer token-of-alice"]


async def test_f3b_a_header_that_may_come_once_and_came_twice_is_refused(
    front: Front, upstream: RecordingUpstream
) -> None:
    answer = await front.raw_get("/clusters/one/version", "Impersonate-User: a", "impersonate-user: b")
    assert b"proxy.bad_header" in answer
    assert upstream.requests == []


async def test_a_wish_to_act_as_somebody_else_is_left_to_the_api_server(
    front: Front, upstream: RecordingUpstream
) -> None:
    lines = ["Impersonate-User: bob", "Impersonate-Group: a", "Impersonate-Group: b", "Impersonate-Extra-Scopes: x"]
    await front.raw_get("/clusters/one/version", *lines)
    assert upstream.last.values("Impersonate-User") == ["bob"]
    assert upstream.last.values("Impersonate-Group") == ["a", "b"]
    assert upstream.last.values("Impersonate-Extra-Scopes") == ["x"]
    assert upstream.last.values("Authorization") == ["Bearer token-of-alice"]


def test_list_headers_are_joined() -> None:
    came = CIMultiDictProxy(CIMultiDict([("Accept", "a/b"), ("accept", "c/d;q=0.5")]))
    assert headers_up(came, None)["Accept"] == "a/b, c/d;q=0.5"


def test_an_upgrade_takes_nothing_of_a_body_along() -> None:
    came = CIMultiDictProxy(CIMultiDict({"Content-Length": "5", "Accept": "x", "Impersonate-User": "bob"}))
    sent = headers_up(came, Bearer("t"), websocket=True)
    assert sent == {"Impersonate-User": "bob", "Authorization": "Bearer t"}


def test_a_token_of_half_a_megabyte_passes() -> None:
    assert len(headers_up(CIMultiDictProxy(CIMultiDict()), Bearer("x" * 512 * 1024))["Authorization"]) > 512 * 1024


def test_a_repeated_single_header_is_named() -> None:
    came = CIMultiDictProxy(CIMultiDict([("Content-Type", "a/b"), ("content-type", "c/d")]))
    with pytest.raises(BadHeader, match="Content-Type came 2 times"):
        headers_up(came, None)


@pytest.mark.parametrize(
    "name",
    [
        "Set-Cookie",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials",
        "Server",
        "Strict-Transport-Security",
        "WWW-Authenticate",
        "Content-Security-Policy-Report-Only",
        "Clear-Site-Data",
        "Service-Worker-Allowed",
        "Refresh",
        "Link",
        "Alt-Svc",
        "X-Accel-Redirect",
        "X-Headlamp-Code",
        "Location",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Upgrade",
        "Trailer",
    ],
)
def test_d8_a_header_that_is_not_in_the_table_never_comes_down(name: str) -> None:
    came = CIMultiDictProxy(CIMultiDict({name: "x", "Content-Type": "application/json"}))
    assert headers_down(came) == {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/html; charset=utf-8",
        "TEXT/HTML",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/pdf",
        "text/javascript",
        "",
        "application/jsonp",
        "application/json,text/html",
        "text/plain, text/html",
    ],
)
def test_d8_what_a_browser_could_run_is_put_into_a_sandbox(content_type: str) -> None:
    came = CIMultiDictProxy(CIMultiDict({"Content-Type": content_type, "Content-Security-Policy": "default-src *"}))
    sent = headers_down(came)
    assert sent.getall("Content-Security-Policy") == ["sandbox"]
    assert sent["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/apply-patch+yaml",
        "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
        "text/plain; charset=utf-8",
        "application/vnd.kubernetes.protobuf;stream=watch",
    ],
)
def test_every_type_keeps_its_name(content_type: str) -> None:
    sent = headers_down(CIMultiDictProxy(CIMultiDict({"Content-Type": content_type})))
    assert sent["Content-Type"] == content_type
    assert sent["X-Content-Type-Options"] == "nosniff"


def test_warnings_stop_where_an_ingress_would_refuse_the_answer() -> None:
    came: CIMultiDict[str] = CIMultiDict({"Content-Type": "application/json"})
    for number in range(100):
        came.add("Warning", f'299 - "{number:0100}"')
    sent = headers_down(CIMultiDictProxy(came))
    assert 10 < len(sent.getall("Warning")) < 25


def test_a_length_beside_chunks_does_not_come_down() -> None:
    came = CIMultiDictProxy(CIMultiDict({"Transfer-Encoding": "chunked", "Content-Length": "5"}))
    assert "Content-Length" not in headers_down(came)


async def test_d8_a_page_from_the_cluster_arrives_sandboxed_and_without_its_cookies(
    front: Front, upstream: RecordingUpstream
) -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        answer = web.Response(text="<script>alert(1)</script>", content_type="text/html")
        answer.set_cookie("__Host-headlamp", "evil")
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    upstream.handler = page
    async with front.client.get(front.url + "/openapi") as answer:
        assert answer.headers["Content-Security-Policy"] == "sandbox"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
