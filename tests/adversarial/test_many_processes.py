"""Several processes on one port: they share sessions, renew tokens once, and end together."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.adversarial.deviations import Deviations
from tests.adversarial.habits import Habits
from tests.support.many import Many, Server, connections, is_running, many_workers, stopped
from tests.support.waiting import until
from tests.support.whole import kubeconfig_for

from headlamp.sessions.refresh import FIRST_RETRY_S

LIST = "/clusters/main/api/v1/pods"
WATCH = f"{LIST}?watch=true"
# How long tokens last that are to run out while a test waits: the first that is not too short for this machine.
SHORT_S = (5.0, 20.0, 80.0)
LONG_S = 600.0
REQUESTS = 500
# A second is what is promised; the rest is for a machine that is busy with other things.
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes by /proc")


@pytest.fixture
async def many(tmp_path: Path) -> AsyncIterator[Many]:
    async with many_workers(tmp_path) as everything:
        yield everything


class Cluster:
    """An API server that looks at the expiry of every token that it is shown, and takes a while to answer."""

    def __init__(self, many: Many, *, takes: float = 0.0) -> None:
        self.bearers: list[str] = []
        self.expired: list[str] = []
        self._takes = takes
        many.upstream.handler = self._answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.bearers.append(bearer)
        if expiry(bearer) <= time.time():
            self.expired.append(bearer)
            return web.json_response({"kind": "Status", "code": 401}, status=401)
        await asyncio.sleep(self._takes)
        return web.json_response({"kind": "PodList", "items": []})


def expiry(token: str) -> float:
    """The `exp` of a JWT."""
    payload = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])


async def _watch_until_cut(client: aiohttp.ClientSession, url: str, opened: asyncio.Event) -> None:
    try:
        async with client.get(url) as answer:
            assert answer.status == 200
            async for _ in answer.content:
                opened.set()
    except aiohttp.ClientError:
        pass


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b'{"type":"BOOKMARK"}\n')
        await asyncio.sleep(0.1)


async def test_every_worker_serves_a_session_that_began_in_one_of_them(many: Many) -> None:
    server = await many.start(workers="3")
    cookie = await many.sign_in()
    assert len(server.workers) == 3
    for worker in server.workers:
        with server.alone(worker):
            assert (await many.ask(LIST, cookie))[0] == 200
            assert (await many.ask("/readyz", cookie))[0] == 200


async def test_a_sign_in_may_begin_in_one_worker_and_end_in_another(many: Many) -> None:
    server = await many.start(workers="2")
    first, second = server.workers
    async with many.browser() as browser:
        with server.alone(first):
            address = await browser.callback_address("/")
        with server.alone(second):
            assert (await browser.get(address)).status == 303
        with server.alone(first):
            assert (await browser.get(LIST)).status == 200
            # The first worker never saw it finished, and still knows that it is.
            assert (await browser.get(address)).status == 400


async def test_b6_sign_out_in_one_worker_ends_the_streams_in_all(many: Many) -> None:
    many.upstream.handler = _endless
    server = await many.start(workers="3")
    cookie = await many.sign_in()
    opened = [asyncio.Event() for _ in server.workers]
    async with many.client(cookie) as client:
        streams = []
        for worker, event in zip(server.workers, opened, strict=True):
            with server.alone(worker):
                streams.append(asyncio.create_task(_watch_until_cut(client, f"{many.url}{WATCH}", event)))
                await asyncio.wait_for(event.wait(), PATIENCE_S)
        assert (await many.ask("/api/session", cookie, method="DELETE"))[0] == 200
        _, open_still = await asyncio.wait(streams, timeout=PATIENCE_S)
        assert not open_still
    for worker in server.workers:
        with server.alone(worker):
            assert (await many.ask(LIST, cookie))[0] == 401


async def test_h5_500_parallel_requests_at_expiry_make_one_token_call_and_500_good_answers(many: Many) -> None:
    many.idp.habits = Habits(reuse_revokes_all=True)
    cluster = Cluster(many)
    server = await many.start(workers="4")
    share = REQUESTS // 4
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_connected(server, worker, share)) for worker in server.workers]
        cookie = await _expired_everywhere(many, cluster)
        first = cluster.bearers[-1]
        many.idp.id_token_ttl = LONG_S
        many.idp.deviations = Deviations(slow={"token": 1.0})
        cluster.bearers.clear()
        with stopped(server.workers):
            # All of them find the token expired at the same moment, with the requests already waiting.
            requests = [asyncio.create_task(_status(client, LIST, cookie)) for client in clients for _ in range(share)]
            await asyncio.sleep(1.0)
        answers = await asyncio.gather(*requests)
    assert [status for status in answers if status != 200] == []
    assert many.idp.refresh_calls == 1
    assert cluster.expired == []
    assert set(cluster.bearers) != {first}
    assert len(set(cluster.bearers)) == 1


async def test_h5_a_provider_that_fails_is_no_reason_to_sign_in_again_in_any_worker(many: Many) -> None:
    cluster = Cluster(many)
    server = await many.start(workers="2")
    cookie = await _expired_everywhere(many, cluster)
    many.idp.deviations = Deviations(reset=("token",))
    async with many.client(cookie) as client:
        with stopped(server.workers):
            requests = [asyncio.create_task(_status(client, LIST)) for _ in range(100)]
            await asyncio.sleep(0.3)
            began = time.monotonic()
        assert set(await asyncio.gather(*requests)) == {503}
        took = time.monotonic() - began
    # Each worker has found out for itself, and none asks again within a second.
    assert 1 <= many.idp.token_calls - 1 <= 2 * (1 + took / FIRST_RETRY_S)
    assert cluster.expired == []


async def test_h3_killed_in_the_middle_of_a_renewal_a_session_goes_on_or_asks_to_sign_in(tmp_path: Path) -> None:
    # Both wait for a dead process's lease, so they wait together.
    await asyncio.gather(_never_handled(tmp_path / "1"), _spent_already(tmp_path / "2"))


async def _never_handled(folder: Path) -> None:
    """The provider did nothing with the refresh token: the session goes on."""
    async with many_workers(folder) as many:
        cookie, cluster, _ = await _kill_in_the_middle_of_a_renewal(many)
        await many.start(workers="2")
        assert (await many.ask(LIST, many.here(cookie)))[0] == 200
        assert many.idp.refresh_calls == 1
        assert cluster.expired == []


async def _spent_already(folder: Path) -> None:
    """The provider answered when nobody was there any more: the session ends, and says so."""
    async with many_workers(folder) as many:
        cookie, cluster, answering = await _kill_in_the_middle_of_a_renewal(many)
        answering.set()
        await until(lambda: many.idp.refresh_calls == 1)
        await many.start(workers="2")
        status, body = await many.ask(LIST, many.here(cookie))
        assert (status, json.loads(body)["reason"]) == (401, "Unauthorized")
        # Whether it was spent could only be found out by sending it. Now it is known, and it is not sent again.
        assert many.idp.refresh_calls == 2
        for _ in range(5):
            assert (await many.ask(LIST, many.here(cookie)))[0] == 401
        await asyncio.sleep(1.2)
        assert many.idp.refresh_calls == 2
        assert cluster.expired == []


async def _kill_in_the_middle_of_a_renewal(many: Many) -> tuple[str, Cluster, asyncio.Event]:
    """Power goes while the provider has a refresh request, which it handles when the event is set."""
    many.idp.habits = Habits(reuse_revokes_all=True)
    cluster, answering = Cluster(many), asyncio.Event()
    server = await many.start(workers="2")
    cookie = await _expired_everywhere(many, cluster)
    many.idp.deviations = Deviations(held={"token": answering})
    async with many.client(cookie) as client:
        with stopped(server.workers):
            request = asyncio.create_task(_status(client, LIST))
        await until(lambda: many.idp.token_calls == 2)
        await server.kill()
        with pytest.raises(aiohttp.ClientError):
            await request
    many.idp.deviations = Deviations()
    many.idp.id_token_ttl = LONG_S
    return cookie, cluster, answering


async def test_h3_signed_out_in_one_worker_while_another_renews_the_session_stays_ended(many: Many) -> None:
    cluster = Cluster(many)
    server = await many.start(workers="2")
    cookie = await _expired_everywhere(many, cluster)
    first, second = server.workers
    answering = asyncio.Event()
    many.idp.deviations = Deviations(held={"token": answering})
    async with many.client(cookie) as client:
        with stopped([second]):
            os.kill(first, signal.SIGCONT)
            request = asyncio.create_task(_status(client, LIST))
            await until(lambda: many.idp.token_calls == 2)
        with server.alone(second):
            assert (await many.ask("/api/session", cookie, method="DELETE"))[0] == 200
        answering.set()
        assert await request == 401
    await until(lambda: many.idp.refresh_calls >= 1)
    await asyncio.sleep(1.0)
    for worker in server.workers:
        with server.alone(worker):
            assert (await many.ask(LIST, cookie))[0] == 401
    assert _rows(many) == 0


async def test_a_worker_that_is_killed_is_replaced_and_sessions_go_on(many: Many) -> None:
    Cluster(many)
    server = await many.start(workers="2")
    cookie = await many.sign_in()
    victim, other = server.workers
    os.kill(victim, signal.SIGKILL)
    assert (await many.ask(LIST, cookie))[0] == 200
    workers = await server.until_workers(2, without=[victim])
    assert other in workers
    await server.until_logged("a worker ended")
    ended = server.entries("a worker ended")[0]
    assert (ended["pid"], ended["how"]) == (victim, "signal 9")
    (newcomer,) = set(workers) - {other}
    with server.alone(newcomer):
        assert (await many.ask(LIST, cookie))[0] == 200
    assert await server.end() == 0


async def test_a_worker_that_is_asked_to_end_is_replaced_too(many: Many) -> None:
    server = await many.start(workers="2")
    victim = server.workers[0]
    os.kill(victim, signal.SIGTERM)
    await server.until_workers(2, without=[victim])
    await server.until_logged("a worker ended")
    assert server.entries("a worker ended")[0]["how"] == "status 0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_everything_though_streams_are_open_and_nothing_is_left(
    many: Many, number: signal.Signals
) -> None:
    many.upstream.handler = _endless
    server = await many.start(workers="3")
    cookie = await many.sign_in()
    everybody = [server.pid, *server.workers]
    async with many.client(cookie) as client:
        opened = asyncio.Event()
        stream = asyncio.create_task(_watch_until_cut(client, f"{many.url}{WATCH}", opened))
        await asyncio.wait_for(opened.wait(), PATIENCE_S)
        assert await server.end(number) == 0
        await asyncio.wait_for(stream, PATIENCE_S)
    assert [pid for pid in everybody if is_running(pid)] == []
    assert server.words == []


async def test_workers_end_when_their_supervisor_is_killed(many: Many) -> None:
    server = await many.start(workers="3")
    workers = server.workers
    os.kill(server.pid, signal.SIGKILL)
    await until(lambda: not any(is_running(pid) for pid in workers))


async def test_a_worker_that_hangs_does_not_hold_up_the_end_for_ever(many: Many) -> None:
    server = await many.start(workers="2")
    workers = server.workers
    with stopped(workers[:1]):
        server.process.send_signal(signal.SIGTERM)
        await until(lambda: not is_running(workers[1]))
        # Somebody presses Ctrl-C once more.
        assert await server.end(signal.SIGINT) == 0
    assert not any(is_running(pid) for pid in workers)


async def test_workers_that_can_t_start_end_the_program_with_the_reason_once(many: Many) -> None:
    database = many.folder / "state" / "sessions.sqlite3"
    database.parent.mkdir()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 4711")
    server = await many.launch(workers="3")
    assert await server.ended() == 1
    (why,) = server.words
    assert "sessions.sqlite3" in why
    assert "-session-store" in why
    assert server.entries("ready") == []
    assert server.workers == []


async def test_the_announcement_and_the_server_s_secret_are_made_once(many: Many) -> None:
    server = await many.start(workers="4")
    await many.sign_in()
    await server.end()
    assert len(server.entries("ready")) == 1
    assert server.entries("ready")[0]["workers"] == 4
    assert len(server.entries("register this callback URL")) == 1
    assert [path.name for path in (many.folder / "state").iterdir() if "secret" in path.name] == ["session-secret"]


async def test_a_provider_that_a_kubeconfig_gains_is_known_to_every_worker(many: Many) -> None:
    server = await many.start(workers="2")
    first, second = server.workers
    config = kubeconfig_for(many.upstream, {"later": _oidc_user(many)})
    (many.folder / "kubeconfig").write_text(json.dumps(config))
    await asyncio.sleep(2.1)
    async with many.browser() as browser:
        with server.alone(first):
            address = await browser.callback_address("/", cluster="later")
        with server.alone(second):
            assert (await browser.get(address)).status == 303
            assert (await browser.get(LIST.replace("main", "later"))).status == 200


def _oidc_user(many: Many) -> dict[str, object]:
    settings = {
        "idp-issuer-url": many.idp.issuer,
        "client-id": many.idp.client_id,
        "client-secret": many.idp.client_secret,
    }
    return {"auth-provider": {"name": "oidc", "config": settings}}


async def _expired_everywhere(many: Many, cluster: Cluster) -> str:
    """A session that is in use in all workers, and whose token has ended. Its cookie; all workers stand still.

    They renew a token at half of its life. Where this machine does not get all of them to stand still before that, it
    is tried with a token that lasts longer.
    """
    workers = many.server.workers
    for lifetime in SHORT_S:
        many.idp.id_token_ttl = lifetime
        cookie = await many.sign_in()
        statuses = set()
        for worker in workers:
            with many.server.alone(worker):
                statuses.add((await many.ask(LIST, cookie))[0])
        many.server.stand_still(workers)
        await asyncio.sleep(max(0.0, expiry(cluster.bearers[-1]) + 0.1 - time.time()))
        if many.idp.token_calls == 1:
            assert statuses == {200}
            return cookie
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        assert (await many.ask("/api/session", cookie, method="DELETE"))[0] == 200
        many.idp.seen.clear()
        many.idp.refresh_calls = 0
        cluster.expired.clear()
    pytest.fail(f"a sign-in took longer than half of {SHORT_S[-1]:g} seconds")


@asynccontextmanager
async def _connected(server: Server, worker: int, count: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without cookies that has `count` connections, and all of them with this worker."""
    connector = aiohttp.TCPConnector(limit=count, family=socket.AF_INET, keepalive_timeout=600)
    timeout = aiohttp.ClientTimeout(total=120)
    before = connections(worker)
    async with aiohttp.ClientSession(f"http://localhost:{server.port}", connector=connector, timeout=timeout) as client:
        with server.alone(worker):
            assert set(await asyncio.gather(*(_status(client, "/healthz") for _ in range(count)))) == {200}
            assert connections(worker) - before >= count
        yield client


def _rows(many: Many) -> int:
    with sqlite3.connect(many.folder / "state" / "sessions.sqlite3") as connection:
        return int(connection.execute("SELECT count(*) FROM sessions").fetchone()[0])


async def _status(client: aiohttp.ClientSession, path: str, cookie: str = "") -> int:
    async with client.get(path, headers={"Cookie": cookie} if cookie else {}) as answer:
        await answer.read()
        return answer.status
