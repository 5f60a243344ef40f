"""A request passed on, and its answer passed back."""

from __future__ import annotations

import asyncio
import gzip
import resource
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from tests.support.credentials import FixedCredential
from tests.support.upstream import RecordingUpstream
from tests.support.waiting import until
from tests.unit.proxy.conftest import Front

from headlamp.clusters.agent import user_agent
from headlamp.clusters.cluster import LocalCredentials
from headlamp.problems import Problem

MIB = 1024 * 1024


def answering(**answer: object) -> Callable[[web.Request], object]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(**answer)  # type: ignore[arg-type]

    return handler


async def test_the_user_speaks_with_their_own_bearer_and_our_user_agent(
    front: Front, upstream: RecordingUpstream
) -> None:
    async with front.client.get(front.url + "/version", headers={"User-Agent": "Mozilla/5.0"}) as answer:
        assert await answer.json() == {"bearer": "Bearer token-of-alice"}
    assert upstream.last.values("User-Agent") == [user_agent()]
    assert upstream.last.target == "/version"


async def test_g2_status_body_and_what_explains_it_come_back_as_they_are(
    front: Front, upstream: RecordingUpstream
) -> None:
    packed = gzip.compress(b'{"kind":"Status"}')

    async def busy(request: web.Request) -> web.StreamResponse:
        answer = web.Response(status=429, reason="Too Many Requests", body=packed)
        answer.headers.update({"Content-Type": "application/json", "Content-Encoding": "gzip", "Retry-After": "7"})
        answer.headers["Audit-Id"] = "abc"
        answer.headers.add("Warning", '299 - "one"')
        answer.headers.add("Warning", '299 - "two"')
        return answer

    upstream.handler = busy
    async with front.client.get(front.url + "/api/v1/pods", headers={"Accept-Encoding": "gzip"}) as answer:
        assert (answer.status, answer.reason) == (429, "Too Many Requests")
        assert await answer.read() == packed
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers["Audit-Id"] == "abc"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers.getall("Warning") == ['299 - "one"', '299 - "two"']


async def test_no_encoding_is_asked_for_on_behalf_of_a_client_that_did_not(
    front: Front, upstream: RecordingUpstream
) -> None:
    await front.raw_get("/clusters/one/version")
    assert upstream.last.names == {"host", "authorization", "user-agent"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_body_arrives_whole_with_its_type(front: Front, upstream: RecordingUpstream, method: str) -> None:
    got: list[bytes] = []

    async def keep(request: web.Request) -> web.StreamResponse:
        got.append(await request.content.read())
        return web.Response(status=409, text="conflict")

    upstream.handler = keep
    headers = {"Content-Type": "application/json-patch+json"}
    async with front.client.request(method, front.url + "/api/v1/x", data=b"[1]", headers=headers) as answer:
        assert answer.status == 409
        assert await answer.text() == "conflict"
    assert got == [b"[1]"]
    assert upstream.last.values("Content-Type") == ["application/json-patch+json"]
    assert upstream.last.values("Content-Length") == ["3"]


async def test_head_has_the_length_and_no_body(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = answering(body=b"12345")  # type: ignore[assignment]
    async with front.client.head(front.url + "/version") as answer:
        assert answer.headers["Content-Length"] == "5"
        assert await answer.read() == b""


async def test_a_short_answer_in_chunks_goes_on_whole(front: Front, upstream: RecordingUpstream) -> None:
    async def chunked(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(b"[1,")
        await answer.write(b"2]")
        await answer.write_eof()
        return answer

    upstream.handler = chunked
    async with front.client.get(front.url + "/version") as answer:
        assert await answer.read() == b"[1,2]"
        assert ("Content-Length" in answer.headers) is not ("Transfer-Encoding" in answer.headers)


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_gets_none(front: Front, upstream: RecordingUpstream, status: int) -> None:
    upstream.handler = answering(status=status, headers={"ETag": '"x"'})  # type: ignore[assignment]
    # On one connection: a byte too many would be the beginning of the next answer.
    for _ in range(2):
        async with front.client.get(front.url + "/version") as answer:
            assert answer.status == status
            assert answer.headers["ETag"] == '"x"'
            assert await answer.read() == b""


async def test_an_empty_body_has_a_length_of_nothing(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = answering(body=b"")  # type: ignore[assignment]
    async with front.client.get(front.url + "/version") as answer:
        assert answer.headers["Content-Length"] == "0"
        assert await answer.read() == b""


async def test_a_download_is_streamed_at_flat_memory(front: Front, upstream: RecordingUpstream) -> None:
    size = 256 * MIB

    async def log(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        block = b"x" * MIB
        for _ in range(size // MIB):
            await answer.write(block)
        await answer.write_eof()
        return answer

    upstream.handler = log
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    received = 0
    async with front.client.get(front.url + "/api/v1/namespaces/a/pods/p/log") as answer:
        async for chunk in answer.content.iter_any():
            received += len(chunk)
    assert received == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 * 1024  # KiB: all ends live in this process


async def test_an_upload_is_streamed_at_flat_memory(front: Front, upstream: RecordingUpstream) -> None:
    size = 100 * MIB

    async def take(request: web.Request) -> web.StreamResponse:
        taken = 0
        async for chunk in request.content.iter_any():
            taken += len(chunk)
        return web.Response(text=str(taken))

    async def blocks() -> AsyncIterator[bytes]:
        block = b"x" * MIB
        for _ in range(size // MIB):
            yield block

    upstream.handler = take
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with front.client.post(front.url + "/api/v1/upload", data=blocks()) as answer:
        assert await answer.text() == str(size)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 * 1024


async def test_a_slow_reader_slows_the_cluster_down(front: Front, upstream: RecordingUpstream) -> None:
    sent = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * MIB)
            sent += MIB

    upstream.handler = flood
    async with front.client.get(front.url + "/api/v1/namespaces/a/pods/p/log?follow=true") as answer:
        await answer.content.readany()
        await until(lambda: sent > 0)
        last = -1
        while last != sent:
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 64 * MIB
    await until(lambda: upstream.gone == 1)


async def test_a_watch_event_arrives_at_once(front: Front, upstream: RecordingUpstream) -> None:
    more = asyncio.Event()

    async def watch(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(b'{"type":"ADDED"}\n')
        await more.wait()
        await answer.write(b'{"type":"DELETED"}\n')
        return answer

    upstream.handler = watch
    async with front.client.get(front.url + "/api/v1/pods?watch=1") as answer:
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert await answer.content.readline() == b'{"type":"ADDED"}\n'
        more.set()
        assert await answer.content.readline() == b'{"type":"DELETED"}\n'
        assert await answer.content.readline() == b""


async def test_a_client_that_goes_away_cancels_the_request_to_the_cluster(
    front: Front, upstream: RecordingUpstream
) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await asyncio.Event().wait()
        return answer

    upstream.handler = silent
    answer = await front.client.get(front.url + "/api/v1/pods?watch=1")
    answer.close()
    await until(lambda: upstream.gone == 1)


async def test_a_client_that_goes_away_before_any_answer_cancels_it_too(
    front: Front, upstream: RecordingUpstream
) -> None:
    async def stuck(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    upstream.handler = stuck
    _, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(b"GET /clusters/one/version HTTP/1.1\r\nHost: x\r\n\r\n")
    await until(lambda: len(upstream.requests) == 1)
    writer.close()
    await until(lambda: upstream.gone == 1)


async def test_b6_a_stream_ends_with_its_session(front: Front, upstream: RecordingUpstream) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"first\n")
        await asyncio.Event().wait()
        return answer

    upstream.handler = silent
    assert isinstance(front.credential, FixedCredential)
    async with front.client.get(front.url + "/api/v1/pods?watch=1") as answer:
        assert await answer.content.readline() == b"first\n"
        front.credential.ended.set()
        with pytest.raises(aiohttp.ClientError):
            async with asyncio.timeout(30):
                await answer.content.read()
    await until(lambda: upstream.gone == 1)


async def test_b6_a_session_that_ends_before_the_answer_is_a_401(front: Front, upstream: RecordingUpstream) -> None:
    async def stuck(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    upstream.handler = stuck
    assert isinstance(front.credential, FixedCredential)
    front.credential.ended.set()
    async with front.client.get(front.url + "/version") as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == "proxy.session_over"


async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(
    front: Front, upstream: RecordingUpstream
) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer

    upstream.handler = breaks
    with pytest.raises(aiohttp.ClientError):
        async with front.client.get(front.url + "/version") as answer:
            await answer.read()


async def test_a_401_of_the_cluster_stays_one_and_says_whose_it_is(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = answering(status=401, text='{"kind":"Status","code":401}')  # type: ignore[assignment]
    async with front.client.get(front.url + "/version") as answer:
        assert answer.status == 401
        assert answer.headers["X-Headlamp-Code"] == "cluster.rejected"
        assert await answer.text() == '{"kind":"Status","code":401}'


async def test_e4_without_a_credential_nothing_reaches_the_cluster(front: Front, upstream: RecordingUpstream) -> None:
    front.credential = None
    headers = {"Authorization": "Bearer mine", "Cookie": "a=b", "X-Remote-User": "admin"}
    async with front.client.get(front.url + "/version", headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == "proxy.not_signed_in"
    assert upstream.requests == []


async def test_e4_a_credential_that_hands_out_nothing_is_no_credential(
    front: Front, upstream: RecordingUpstream
) -> None:
    front.credential = FixedCredential(None)
    async with front.client.get(front.url + "/version") as answer:
        assert answer.status == 401
    assert upstream.requests == []


async def test_e4_the_kubeconfig_speaks_only_where_its_credentials_were_handed_out(
    upstream: RecordingUpstream,
) -> None:
    laptop = Front(upstream.cluster(local_credentials=LocalCredentials(token="own")))
    laptop.credential = None
    await laptop.start()
    try:
        async with laptop.client.get(laptop.url + "/version") as answer:
            assert await answer.json() == {"bearer": "Bearer own"}
    finally:
        await laptop.close()


@pytest.mark.parametrize("token", [" x", "a,b", "a b", "a\nb", "Bearer a", "a\r\nX: y", "", "ä"])
async def test_e5_what_is_not_one_bearer_token_is_not_sent(
    front: Front, upstream: RecordingUpstream, token: str
) -> None:
    front.credential = FixedCredential(token)
    async with front.client.get(front.url + "/version") as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == "cluster.bad_token"
    assert upstream.requests == []


async def test_e2_e3_a_hundred_interleaved_requests_of_two_users_keep_their_own_bearers(
    front: Front, upstream: RecordingUpstream
) -> None:
    async def slow_echo(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.001 * (len(upstream.requests) % 7))
        return web.json_response(request.headers["Authorization"])

    async def ask(user: str) -> None:
        async with front.client.get(front.url + "/api/v1/same", headers={"X-Test-User": user}) as answer:
            assert await answer.json() == f"Bearer token-of-{user}"

    upstream.handler = slow_echo
    front.credential = None
    front.credential_of = {user: FixedCredential(f"token-of-{user}") for user in ("alice", "bob")}
    await asyncio.gather(*(ask(user) for _ in range(50) for user in ("alice", "bob")))


async def test_what_the_credential_raises_is_what_the_client_gets(front: Front, upstream: RecordingUpstream) -> None:
    class SignInAgain(Problem):
        code = "session.sign_in_again"
        status = 401

    front.credential = FixedCredential(problem=SignInAgain("please"))
    async with front.client.get(front.url + "/version") as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "session.sign_in_again")
    assert upstream.requests == []


async def test_a_cluster_that_does_not_answer_is_a_502_that_says_so(front: Front, upstream: RecordingUpstream) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    upstream.handler = hang_up
    async with front.client.post(front.url + "/api/v1/x", data=b"x") as answer:
        assert (answer.status, (await answer.json())["code"]) == (502, "cluster.unreachable")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.example/x", "//evil.example/", "http://127.0.0.1/", "/a%2f..%2fb"])
async def test_f2_a_redirect_to_elsewhere_is_neither_followed_nor_passed_on(
    front: Front, upstream: RecordingUpstream, status: int, location: str
) -> None:
    upstream.handler = answering(status=status, headers={"Location": location})  # type: ignore[assignment]
    async with front.client.get(front.url + "/version", allow_redirects=False) as answer:
        assert answer.status == 502
        assert "Location" not in answer.headers
        assert (await answer.json())["code"] == "proxy.redirect_elsewhere"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("location", ["/api/v1/y?a=b%2Fc", "y?a=b%2Fc", "{url}/api/v1/y?a=b%2Fc"])
async def test_f2_a_redirect_inside_the_cluster_stays_under_its_prefix(
    front: Front, upstream: RecordingUpstream, location: str
) -> None:
    headers = {"Location": location.format(url=upstream.url)}
    upstream.handler = answering(status=307, headers=headers)  # type: ignore[assignment]
    async with front.client.get(front.url + "/api/v1/x", allow_redirects=False) as answer:
        assert answer.status == 307
        assert answer.headers["Location"] == "/clusters/one/api/v1/y?a=b%2Fc"


async def test_f1_an_upgrade_to_anything_else_is_refused(front: Front, upstream: RecordingUpstream) -> None:
    answer = await front.raw_get("/clusters/one/api/v1/x", "Upgrade: SPDY/3.1")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"proxy.only_websocket" in answer
    assert upstream.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/a/pods/p/proxy",
        "/api/v1/namespaces/a/pods/p/pr%6Fxy/metrics",
        "/api/v1/namespaces/a/services/https:s:443/proxy/",
        "/api/v1/nodes/n/proxy/exec",
        "/api/v1/proxy/namespaces/a/pods/p",
    ],
)
async def test_f9_g6_the_proxy_subresource_is_off_unless_switched_on(
    front: Front, upstream: RecordingUpstream, path: str
) -> None:
    assert b"proxy.subresource_off" in (refused := await front.raw_get("/clusters/one" + path))
    assert b"-allow-proxy-subresource" in refused
    assert upstream.requests == []
    front.options["allow_proxy_subresource"] = True
    assert b" 200 OK" in await front.raw_get("/clusters/one" + path)


@pytest.mark.parametrize(
    "path", ["/api/v1/namespaces/proxy/pods", "/api/v1/namespaces/a/pods/proxy", "/apis/x/v1/proxy"]
)
async def test_f9_things_that_are_only_called_proxy_pass(front: Front, upstream: RecordingUpstream, path: str) -> None:
    assert b" 200 OK" in await front.raw_get("/clusters/one" + path)


@pytest.mark.parametrize("destination", ["script", "style", "serviceworker", "audioworklet", "iframe"])
async def test_d8_cluster_content_is_not_served_as_part_of_a_page(
    front: Front, upstream: RecordingUpstream, destination: str
) -> None:
    async with front.client.get(front.url + "/version", headers={"Sec-Fetch-Dest": destination}) as answer:
        assert answer.status == 403
    assert upstream.requests == []


@pytest.mark.parametrize("destination", ["empty", "document", "image"])
async def test_what_a_page_fetches_or_a_person_opens_passes(
    front: Front, upstream: RecordingUpstream, destination: str
) -> None:
    async with front.client.get(front.url + "/version", headers={"Sec-Fetch-Dest": destination}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
async def test_methods_that_kubernetes_does_not_have_are_refused(
    front: Front, upstream: RecordingUpstream, method: str
) -> None:
    async with front.client.request(method, front.url + "/version") as answer:
        assert answer.status == 405
    assert upstream.requests == []


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\n folded: x",
        "Transfer-Encoding: xchunked",
        "Content-Length: +3",
        "X : y",
    ],
)
async def test_f8_requests_that_could_be_read_in_two_ways_are_refused(
    front: Front, upstream: RecordingUpstream, head: str
) -> None:
    text = f"POST /clusters/one/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\nabc"
    answer = await front.raw(text.encode())
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert upstream.requests == []
