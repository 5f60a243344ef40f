"""The test sign-in: a person comes back to the doctor, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.kit import config_of

from headlamp.doctor.findings import State
from headlamp.doctor.sign_in import Tried, try_sign_in
from headlamp.oidc.provider import Provider


@pytest.fixture
def callback(free_port: Callable[[], int]) -> str:
    return f"http://localhost:{free_port()}/oidc-callback"


@pytest.fixture
async def idp(start_provider: StartProvider, callback: str) -> MisbehavingProvider:
    provider = await start_provider()
    provider.redirect_uris = {callback}
    provider.signed_in = True
    return provider


@pytest.fixture
async def party(idp: MisbehavingProvider) -> AsyncIterator[Provider]:
    provider = Provider(config_of(idp))
    yield provider
    await provider.close()


async def _browse(url: str) -> None:
    async with aiohttp.ClientSession() as browser, browser.get(url) as answer:
        assert answer.status == 200
        assert "You can close this window" in await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"


async def _try(party: Provider, callback: str, *, within: float = 60.0, browse: bool = True) -> Tried:
    browsing: list[asyncio.Task[None]] = []

    def show(url: str) -> None:
        if browse:
            browsing.append(asyncio.create_task(_browse(url)))

    tried = await try_sign_in(party, callback, tls=None, show=show, within=within)
    await asyncio.gather(*browsing)
    return tried


async def test_a_whole_sign_in_and_a_renewal_are_tried(party: Provider, callback: str) -> None:
    tried = await _try(party, callback)
    assert [(finding.id, finding.state) for finding in tried.findings] == [
        ("sign_in.result", State.OK),
        ("sign_in.renewal", State.OK),
    ]
    assert "alice is signed in" in tried.findings[0].found
    assert tried.sign_in is not None
    assert tried.sign_in.tokens.id_token not in str(tried)


async def test_a_sign_in_that_fails_is_told_with_the_problems_own_words(
    party: Provider, idp: MisbehavingProvider, callback: str
) -> None:
    idp.deviations.id_token = {"aud": "other"}
    tried = await _try(party, callback)
    assert tried.sign_in is None
    assert tried.findings[0].state is State.FAILED
    assert "other" in tried.findings[0].found


async def test_a_sign_in_without_a_refresh_token_is_a_warning(start_provider: StartProvider, callback: str) -> None:
    idp = await start_provider(habits=Habits(offline_scope="offline_access"))
    idp.redirect_uris, idp.signed_in = {callback}, True
    party = Provider(config_of(idp, scopes=()))
    tried = await _try(party, callback)
    await party.close()
    assert tried.findings[1].state is State.WARNING
    assert "offline_access" in tried.findings[1].remedy


async def test_a_renewal_that_is_refused_fails(party: Provider, idp: MisbehavingProvider, callback: str) -> None:
    idp.habits = Habits(refuses_refresh_with="invalid_grant")
    idp.deviations.token_response = {"refresh_token": "never-issued"}
    tried = await _try(party, callback)
    assert tried.findings[0].state is State.OK
    assert tried.findings[1].state is State.FAILED


async def test_a1_an_answer_to_another_sign_in_is_left_alone(party: Provider, callback: str) -> None:
    opened: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(try_sign_in(party, callback, tls=None, show=opened.put_nowait, within=60.0))
    url = await opened.get()
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [callback]
    await _browse(f"{callback}?{urlencode({'state': 'of somebody else', 'code': 'x'})}")
    await _browse(url)
    tried = await task
    assert tried.findings[0].state is State.OK


async def test_nobody_who_comes_back_fails(party: Provider, callback: str) -> None:
    tried = await _try(party, callback, within=0.05, browse=False)
    assert tried.findings[0].state is State.FAILED
    assert "Nobody came back" in tried.findings[0].found


async def test_a_callback_url_elsewhere_can_not_be_tried_from_here(party: Provider) -> None:
    tried = await _try(party, "https://headlamp.example.com/oidc-callback", browse=False)
    assert tried.findings[0].state is State.SKIPPED
    assert "--as-session" in tried.findings[0].remedy


async def test_a_port_that_the_server_has_is_no_fault(party: Provider, callback: str) -> None:
    port = urlsplit(callback).port
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", port)
    async with server:
        tried = await _try(party, callback, browse=False)
    assert tried.findings[0].state is State.SKIPPED
    assert "/doctor" in tried.findings[0].remedy


async def test_an_https_callback_without_a_certificate_can_not_be_tried(party: Provider) -> None:
    tried = await _try(party, "https://localhost:4433/oidc-callback", browse=False)
    assert tried.findings[0].state is State.SKIPPED
    assert "-tls-cert-path" in tried.findings[0].remedy
