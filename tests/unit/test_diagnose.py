"""`headlamp doctor`: its command line, its exit status, and what it shows each cluster as a token."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import rsa_key, sign
from tests.support.upstream import RecordingUpstream
from tests.support.whole import Browser, Whole, kubeconfig_for

from headlamp import diagnose
from headlamp.app import serving
from headlamp.diagnose import ALL_WELL, NOT_UNDERSTOOD, SOMETHING_FAILED, Terminal
from headlamp.settings import load

SECRET = "canary-of-the-client-secret"


@dataclass
class Result:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {check["id"]: check for check in json.loads(self.out)["checks"]}


@dataclass
class Chain:
    """A provider and a cluster, and the flags that name them."""

    idp: MisbehavingProvider
    upstream: RecordingUpstream
    folder: Path
    port: int
    more: list[str] = field(default_factory=list)

    @property
    def callback(self) -> str:
        return f"http://localhost:{self.port}/oidc-callback"

    @property
    def flags(self) -> list[str]:
        return [
            f"-oidc-idp-issuer-url={self.idp.issuer}",
            f"-oidc-client-id={self.idp.client.client_id}",
            f"-oidc-client-secret-file={self.folder / 'secret'}",
            "-oidc-scopes=profile,offline_access",
            f"-kubeconfig={self.folder / 'kubeconfig'}",
            f"-state-dir={self.folder / 'state'}",
            "-listen-addr=localhost",
            f"-port={self.port}",
            *self.more,
        ]

    async def run(self, *options: str) -> Result:
        out, err = io.StringIO(), io.StringIO()
        argv = [*options, *self.flags]
        status = await asyncio.to_thread(diagnose.run, argv, {"HOME": str(self.folder)}, Terminal(out, err))
        return Result(status, out.getvalue(), err.getvalue())


async def _api_server(request: web.Request) -> web.StreamResponse:
    if request.path == "/version":
        return web.json_response({"gitVersion": "v1.37.2"})
    return web.json_response({"status": {"userInfo": {"username": "somebody", "groups": []}}}, status=201)


@pytest.fixture
async def chain(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[Chain]:
    idp = MisbehavingProvider(client_secret=SECRET, habits=Habits(scopes=("openid", "profile", "offline_access")))
    await idp.start()
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    async with RecordingUpstream() as upstream:
        upstream.handler = _api_server
        (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig_for(upstream)))
        yield Chain(idp, upstream, tmp_path, free_port())
    await idp.stop()


async def test_a_chain_that_works_ends_with_0_and_a_report(chain: Chain) -> None:
    result = await chain.run()
    assert result.status == ALL_WELL
    assert f"Identity provider {chain.idp.issuer}" in result.out
    assert f"Register exactly {chain.callback}" in result.out
    assert "0 failed" in result.out.splitlines()[-1]
    assert "\x1b" not in result.out
    assert result.err == ""


async def test_a_chain_that_is_broken_ends_with_1(chain: Chain) -> None:
    await chain.idp.stop()
    result = await chain.run()
    assert result.status == SOMETHING_FAILED
    assert "FAILED   Connection" in result.out


async def test_json_is_the_shape_of_the_api_and_nothing_else(chain: Chain) -> None:
    result = await chain.run("--json")
    body = json.loads(result.out)
    assert body.keys() == {"checks", "summary"}
    assert set(body["checks"][0]) == {"id", "title", "state", "found", "why", "remedy", "subject"}
    assert body["summary"]["failed"] == 0
    assert result.err == ""


async def test_nothing_is_made_by_looking(chain: Chain) -> None:
    before = sorted(chain.folder.iterdir())
    await chain.run()
    assert sorted(chain.folder.iterdir()) == before


@pytest.mark.parametrize("options", [["--json"], []])
async def test_settings_that_cannot_be_used_end_with_2_and_are_findings(chain: Chain, options: list[str]) -> None:
    chain.more = ["-port=x", "-nonsense"]
    result = await chain.run(*options)
    assert result.status == NOT_UNDERSTOOD
    assert "-nonsense" in result.out
    if options:
        assert [check["state"] for check in json.loads(result.out)["checks"]] == ["failed", "failed"]


@pytest.mark.parametrize("options", [["--skip=all"], ["--token-file"], ["--sign-in", "--token-file=x"]])
async def test_options_that_make_no_sense_end_with_2(chain: Chain, options: list[str]) -> None:
    result = await chain.run(*options)
    assert (result.status, result.out) == (NOT_UNDERSTOOD, "")
    assert "headlamp doctor --help" in result.err


async def test_help_fits_a_terminal(chain: Chain) -> None:
    result = await chain.run("--help")
    assert result.status == ALL_WELL
    assert max(map(len, result.out.splitlines())) <= 100


async def test_h6_the_client_secret_is_nowhere(chain: Chain) -> None:
    chain.idp.deviations.status = {"token": (401, {"error": "invalid_client", "error_description": SECRET})}
    for options in ([], ["--json"]):
        result = await chain.run(*options)
        assert result.status == SOMETHING_FAILED
        assert SECRET not in result.out + result.err


async def test_a_token_in_a_file_is_shown_to_the_cluster_and_nowhere_else(chain: Chain) -> None:
    token = sign({"iss": chain.idp.issuer, "aud": "headlamp", "sub": "x", "exp": 4_000_000_000}, rsa_key())
    path = chain.folder / "token"
    path.write_text(f"{token}\n")
    result = await chain.run("--json", "--token-file", str(path))
    assert result.status == ALL_WELL
    assert result.checks["token.accepted"]["state"] == "ok"
    assert str(path) in result.checks["token.accepted"]["found"]
    shown = [value for request in chain.upstream.requests for value in request.values("Authorization")]
    assert set(shown) == {f"Bearer {token}"}
    assert token not in result.out + result.err


async def test_h6_a_token_that_a_cluster_repeats_is_not_repeated(chain: Chain) -> None:
    async def repeats(request: web.Request) -> web.StreamResponse:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return web.json_response({"message": f"what is {said}?"}, status=500)

    chain.upstream.handler = repeats
    path = chain.folder / "token"
    path.write_text("canary+of/an.opaque-token")
    result = await chain.run("--json", "--token-file", str(path))
    assert "what is" in result.checks["token.accepted"]["found"]
    assert "canary" not in result.out + result.err


@pytest.mark.parametrize("content", ["", "two words", "Bearer x"])
async def test_a_file_without_a_token_ends_with_2(chain: Chain, content: str) -> None:
    path = chain.folder / "token"
    path.write_text(content)
    assert (await chain.run("--token-file", str(path))).status == NOT_UNDERSTOOD
    assert (await chain.run("--token-file", str(chain.folder / "nowhere"))).status == NOT_UNDERSTOOD


async def _signed_in(chain: Chain, use: Callable[[str], Any]) -> Any:
    """`use` with the cookie of a session at a server that runs on the same store."""
    settings = load(chain.flags, {"HOME": str(chain.folder)}).settings
    async with serving(settings) as running:
        async with Browser(Whole(running, chain.idp, chain.upstream)) as browser:
            await browser.sign_in("alice")
            (cookie,) = [value for name, value in browser.cookies().items() if "login" not in name]
        return await use(cookie)


async def test_a_sessions_token_is_shown_to_the_cluster(chain: Chain) -> None:
    path = chain.folder / "cookie"

    async def use(cookie: str) -> Result:
        path.write_text(f"headlamp-{chain.port}={cookie}\n")
        return await chain.run("--json", "--as-session", str(path))

    result = await _signed_in(chain, use)
    assert result.status == ALL_WELL
    assert result.checks["token.accepted"]["found"].startswith("The cluster accepts the token of that session")
    # The server that runs here is seen too, by its secret in the state folder.
    assert result.checks["ingress.server"]["state"] == "ok"
    assert path.read_text().partition("=")[2].strip() not in result.out + result.err


async def test_a_session_that_is_none_ends_with_2(chain: Chain) -> None:
    path = chain.folder / "cookie"

    async def use(_: str) -> list[Result]:
        results = []
        for content in ("nonsense", "A" * 64):
            path.write_text(content)
            results.append(await chain.run("--as-session", str(path)))
        return results

    nonsense, unknown = await _signed_in(chain, use)
    assert (nonsense.status, unknown.status) == (NOT_UNDERSTOOD, NOT_UNDERSTOOD)
    assert "no value of a session cookie" in nonsense.err
    assert "no such session" in unknown.err


@pytest.mark.parametrize(("more", "words"), [(["-session-store=memory"], "-session-store=sqlite"), ([], "secret")])
async def test_sessions_that_cannot_be_read_from_outside_end_with_2(chain: Chain, more: list[str], words: str) -> None:
    chain.more = more
    (chain.folder / "cookie").write_text("A" * 64)
    result = await chain.run("--as-session", str(chain.folder / "cookie"))
    assert result.status == NOT_UNDERSTOOD
    assert words in result.err


async def test_a_test_sign_in_shows_its_token_to_the_cluster(chain: Chain) -> None:
    out, err = io.StringIO(), _Opening()
    run = asyncio.create_task(
        asyncio.to_thread(
            diagnose.run, ["--json", "--sign-in", *chain.flags], {"HOME": str(chain.folder)}, Terminal(out, err)
        )
    )
    async with aiohttp.ClientSession() as browser, browser.get(await err.address()) as answer:
        assert answer.status == 200
    status = await run
    result = Result(status, out.getvalue(), err.getvalue())
    assert result.status == ALL_WELL
    assert result.checks["sign_in.result"]["state"] == "ok"
    assert result.checks["token.accepted"]["found"].startswith("The cluster accepts the token of the test sign-in")
    (bearer,) = {bearer for request in chain.upstream.requests for bearer in request.values("Authorization")}
    assert bearer.removeprefix("Bearer ") not in result.out + result.err


class _Opening(io.StringIO):
    """Standard error that waits for the address to open."""

    async def address(self) -> str:
        async with asyncio.timeout(60):
            while not (found := [line for line in self.getvalue().splitlines() if line.startswith("http")]):
                await asyncio.sleep(0.01)
        return found[0]
