"""What sign-in and sessions cost: CPU and time of a complete sign-in, and what a session adds to a proxied request."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import yarl

from bench.programs import Around, Server, around, provider_settings, server

WARM_UP = 30
SIGN_INS_A_ROUND = 40
A_SECOND = 50
SECONDS = 10
ROUNDS = 12
# Short and many: what else a machine does comes and goes within seconds, and then strikes both of a pair.
REQUESTS_A_ROUND = 200
PAIRS = 60
CONNECTIONS = 4
LIST = "/clusters/main/api/v1/namespaces/shop/pods"


@dataclass(frozen=True)
class Timed:
    """One sign-in: seconds until the provider's address came, and from the code to the page with a session."""

    start: float
    callback: float
    cookie: str

    @property
    def ours(self) -> float:
        """What the person waits for us, the provider's part of the callback included."""
        return self.start + self.callback


async def sign_in(base: str, *, person: str = "alice") -> Timed:
    """A complete sign-in in a browser of its own, which keeps one connection to us and one to the provider."""
    connector = aiohttp.TCPConnector(family=socket.AF_INET, ssl=False)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        begun = time.perf_counter()
        there = await _redirect(browser, f"{base}/oidc?cluster=main&return_to=%2F")
        started = time.perf_counter()
        back = await _redirect(browser, f"{there}&login_hint={person}")
        came_back = time.perf_counter()
        await _redirect(browser, back)
        done = time.perf_counter()
        cookies = {cookie.key: cookie.value for cookie in browser.cookie_jar if "login" not in cookie.key}
        ((name, value),) = cookies.items()
        return Timed(started - begun, done - came_back, f"{name}={value}")


async def _redirect(browser: aiohttp.ClientSession, url: str) -> str:
    async with browser.get(yarl.URL(url, encoded=True), allow_redirects=False) as answer:
        assert answer.status in (302, 303), await answer.text()
        return answer.headers["Location"]


async def cpu_of_sign_ins(target: Server, beside: Around) -> tuple[list[float], list[float]]:
    """Milliseconds of CPU for one sign-in, in rounds of them: the server's, and the provider's."""
    for _ in range(WARM_UP):
        await sign_in(target.url)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        before = target.cpu(), beside.cpu()
        for _ in range(SIGN_INS_A_ROUND):
            await sign_in(target.url)
        ours.append((target.cpu() - before[0]) / SIGN_INS_A_ROUND * 1000)
        theirs.append((beside.cpu() - before[1]) / SIGN_INS_A_ROUND * 1000)
    return ours, theirs


async def steady(target: Server) -> list[Timed]:
    """Sign-ins that begin at fixed moments, whether or not earlier ones are done."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    tasks = []
    for number in range(A_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / A_SECOND - loop.time()))
        tasks.append(asyncio.create_task(sign_in(target.url)))
    return await asyncio.gather(*tasks)


async def cpu_per_request(target: Server, cookie: str) -> float:
    """Microseconds of the server's CPU for one proxied request, of a round of them."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, family=socket.AF_INET)
    headers = {"Cookie": cookie} if cookie else {}
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=headers
    ) as client:
        before = target.cpu()
        await asyncio.gather(*(_ask(client, target, REQUESTS_A_ROUND // CONNECTIONS) for _ in range(CONNECTIONS)))
        return (target.cpu() - before) / REQUESTS_A_ROUND * 1e6


async def _ask(client: aiohttp.ClientSession, target: Server, times: int) -> None:
    for _ in range(times):
        async with client.get(f"{target.url}{LIST}") as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()


async def cost_of_a_session(with_session: Server, without: Server) -> list[tuple[float, float]]:
    """CPU of a request with and without a session, in µs, in alternating rounds."""
    cookie = (await sign_in(with_session.url)).cookie
    rounds = []
    for number in range(PAIRS + 3):
        pair = (await cpu_per_request(with_session, cookie), await cpu_per_request(without, ""))
        if number > 2:  # the first ones warm up
            rounds.append(pair)
    return rounds


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the values are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def print_sign_ins(beside: Around) -> None:
    """CPU of sign-ins one after another, with a provider on http and on https."""
    print("A complete sign-in: GET /oidc and the callback, with tokens and UserInfo from the provider")
    print(f"  {ROUNDS} rounds of {SIGN_INS_A_ROUND}: median, and the round that was disturbed least")
    print(f"  {'provider on':14}{'our CPU':>12}{'least':>12}{'provider CPU':>16}")
    for secure in (False, True):
        with server(beside, **provider_settings(beside, secure=secure)) as target:
            ours, theirs = asyncio.run(cpu_of_sign_ins(target, beside))
        scheme = "https" if secure else "http"
        middle, least, other = statistics.median(ours), min(ours), statistics.median(theirs)
        print(f"  {scheme:14}{middle:9.2f} ms{least:9.2f} ms{other:13.2f} ms")


def print_pace(beside: Around) -> None:
    """How long people wait when many sign in."""
    with server(beside, **provider_settings(beside)) as target:
        asyncio.run(cpu_of_sign_ins(target, beside))
        timed = asyncio.run(steady(target))
    print(f"{A_SECOND} sign-ins a second for {SECONDS} s, provider, browsers and server on this machine")
    for name, values in (
        ("until the redirect", [one.start for one in timed]),
        ("callback", [one.callback for one in timed]),
        ("both", [one.ours for one in timed]),
    ):
        p50, p99 = (percentile(values, part) * 1000 for part in (0.5, 0.99))
        print(f"  {name:20}p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")


def print_cost_of_a_session(beside: Around) -> None:
    """What a session adds to a request that is passed on."""
    with server(beside, **provider_settings(beside)) as with_session, server(beside) as without:
        rounds = asyncio.run(cost_of_a_session(with_session, without))
    with_it, without_it = zip(*rounds, strict=True)
    extra = [one - other for one, other in rounds]
    print("A proxied request with a session, and one without, which is the laptop's case: CPU")
    print(f"  {PAIRS} pairs of {REQUESTS_A_ROUND} requests: median, and what a tenth of the rounds stay below")
    for name, values in (("with", with_it), ("without", without_it)):
        print(f"  {name:10}{statistics.median(values):6.0f} µs{percentile(values, 0.1):8.0f} µs")
    least = percentile(with_it, 0.1) - percentile(without_it, 0.1)
    print(f"  {'extra':10}{statistics.median(extra):6.0f} µs{least:8.0f} µs")


def main() -> None:
    """Measure and print; a run takes about a minute and a half."""
    with around() as beside:
        print_sign_ins(beside)
        print_pace(beside)
        print_cost_of_a_session(beside)


if __name__ == "__main__":
    main()
