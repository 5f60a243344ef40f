"""The way in, through an ingress with one fault each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.certificates import Authority
from tests.support.whole import Whole, whole_server
from tests.unit.doctor.ingress_kit import Faults, Ingress, ingress_to
from tests.unit.doctor.kit import diagnose, found, tools, wrong

from headlamp.app import assemble
from headlamp.doctor.checks.ingress import origin_of
from headlamp.doctor.examined import Examined
from headlamp.doctor.findings import Finding, State
from headlamp.doctor.report import Report
from headlamp.web.services import SERVICES

NAME = "headlamp.example.com"


@dataclass
class Site:
    """A server under a public name, its ingress, and the doctor's view of both."""

    whole: Whole
    ingress: Ingress
    address: str

    def examined(self, **changes: Any) -> Examined:
        services = self.whole.running.app[SERVICES]
        right: dict[str, Any] = {"settings": services.settings, "address": self.address, "tickets": services.tickets}
        return Examined(**(right | changes))

    async def report(self, **changes: Any) -> Report:
        world = tools(names={NAME: ["127.0.0.1"]})
        return await diagnose(self.examined(**changes), "ingress", world=world)

    async def finding(self, point: str, **changes: Any) -> Finding:
        return found(await self.report(**changes), f"ingress.{point}")


@pytest.fixture
async def start_site(
    tmp_path: Path, authority: Authority, free_port: Callable[[], int]
) -> AsyncIterator[Callable[..., Any]]:
    """Starts a site; `public` whether the server is told its public URL."""
    async with AsyncExitStack() as stack:

        async def start(*, public: bool = True, **settings: Any) -> Site:
            port = free_port()
            address = f"https://{NAME}:{port}{settings.get('base_url', '')}"
            chosen: dict[str, Any] = {"allowed_hosts": (NAME,), "listen_addr": "127.0.0.1"} | settings
            if public:
                chosen["public_url"] = address
            whole = await stack.enter_async_context(whole_server(tmp_path, **chosen))
            upstream = f"http://127.0.0.1:{whole.running.port}"
            tls = authority.server_context(NAME, ends=90 * 86400)
            return Site(whole, await stack.enter_async_context(ingress_to(upstream, tls, port)), address)

        yield start


@pytest.fixture
async def site(start_site: Callable[..., Any]) -> Site:
    started: Site = await start_site()
    return started


async def test_everything_passes_an_ingress_without_faults(site: Site) -> None:
    report = await site.report()
    # That its authority is known to browsers can't be seen from here.
    assert wrong(report) == ["ingress.tls"]
    assert report.healthy
    points = {finding.id for finding in report.findings if finding.state is State.OK}
    assert {f"ingress.{name}" for name in ("server", "forwarded", "websocket", "cookies", "answers")} <= points


@pytest.mark.parametrize(("hosts", "ends"), [((NAME,), -86400.0), (("other.example.com",), 86400.0)])
async def test_a_certificate_that_browsers_refuse_fails_and_the_rest_is_looked_at(
    site: Site, authority: Authority, free_port: Callable[[], int], hosts: tuple[str, ...], ends: float
) -> None:
    tls = authority.server_context(*hosts, begins=-3 * 86400, ends=ends)
    async with ingress_to(site.ingress.upstream, tls) as ingress:
        report = await site.report(address=f"https://{NAME}:{ingress.port}")
    assert found(report, "ingress.tls").state is State.FAILED
    assert found(report, "ingress.server").state is State.OK


async def test_an_upgrade_that_does_not_pass_fails_with_nginxs_directives(site: Site) -> None:
    site.ingress.faults.upgrades = False
    finding = await site.finding("websocket")
    assert finding.state is State.FAILED
    assert "proxy_set_header Upgrade" in finding.remedy


async def test_a_missing_x_forwarded_proto_is_made_up_for_by_the_public_url(site: Site) -> None:
    site.ingress.faults.sends_proto = False
    finding = await site.finding("forwarded")
    assert finding.state is State.WARNING
    assert "-public-url makes up for it" in finding.found
    assert "X-Forwarded-Proto $scheme" in finding.remedy


async def test_a_missing_x_forwarded_proto_fails_without_public_url(start_site: Callable[..., Any]) -> None:
    site = await start_site(public=False)
    site.ingress.faults.sends_proto = False
    settings = replace(site.whole.running.app[SERVICES].settings, public_url=site.address)
    finding = await site.finding("forwarded", settings=settings)
    assert finding.state is State.FAILED
    assert "X-Forwarded-Proto $scheme" in finding.remedy
    assert f"-public-url={site.address}" in finding.remedy


async def test_a_wrong_x_forwarded_proto_is_a_warning_beside_the_public_url(site: Site) -> None:
    site.ingress.faults.proto = "http"
    assert (await site.finding("forwarded")).state is State.WARNING


async def test_an_ingress_that_is_not_trusted_is_told(start_site: Callable[..., Any]) -> None:
    site = await start_site(trusted_proxies=())
    finding = await site.finding("forwarded")
    assert finding.state is State.WARNING
    assert "-trusted-proxies=127.0.0.1" in finding.remedy


async def test_an_ingress_that_is_not_trusted_fails_where_its_word_is_needed(start_site: Callable[..., Any]) -> None:
    site = await start_site(public=False, trusted_proxies=())
    settings = replace(site.whole.running.app[SERVICES].settings, public_url=site.address)
    assert (await site.finding("forwarded", settings=settings)).state is State.FAILED


async def test_an_ingress_that_changes_the_host_fails(start_site: Callable[..., Any]) -> None:
    site = await start_site(public=False)
    site.ingress.faults.host = "headlamp.default.svc"
    settings = replace(site.whole.running.app[SERVICES].settings, public_url=site.address)
    finding = await site.finding("forwarded", settings=settings)
    assert finding.state is State.FAILED
    assert "proxy_set_header Host $http_host" in finding.remedy


async def test_too_little_room_for_our_cookies_fails(site: Site) -> None:
    site.ingress.faults.longest_cookie = 2000
    finding = await site.finding("cookies")
    assert finding.state is State.FAILED
    assert "large_client_header_buffers" in finding.remedy


async def test_cookies_that_do_not_arrive_fail(site: Site) -> None:
    site.ingress.faults.passes_cookies = False
    finding = await site.finding("cookies")
    assert finding.state is State.FAILED
    assert "0 bytes are left" in finding.found


async def test_what_happens_to_8_kb_of_cookies_is_told_and_is_no_fault(site: Site) -> None:
    site.ingress.faults.longest_cookie = 4000
    finding = await site.finding("cookies")
    assert finding.state is State.OK
    assert "With 8000" in finding.found
    assert "the answer is 400" in finding.found


async def test_too_little_room_in_answers_fails(site: Site) -> None:
    site.ingress.faults.largest_head = 2500
    finding = await site.finding("answers")
    assert finding.state is State.FAILED
    assert "502" in finding.found


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"status": 502}, "finds no server"),
        ({"status": 404, "says": "default backend"}, "Something else answers"),
        ({"redirect": "https://sso.example.com/start?rd=x"}, "https://sso.example.com"),
    ],
)
async def test_an_ingress_that_leads_elsewhere_fails(site: Site, faults: dict[str, Any], words: str) -> None:
    site.ingress.faults = Faults(**faults)
    report = await site.report()
    finding = found(report, "ingress.server")
    assert finding.state is State.FAILED
    assert words in finding.found
    assert not [one for one in report.findings if one.id == "ingress.websocket"]


async def test_an_ingress_that_takes_the_path_away_fails(start_site: Callable[..., Any]) -> None:
    site = await start_site(base_url="/headlamp")
    assert (await site.finding("server")).state is State.OK
    site.ingress.faults.strips_path = "/headlamp"
    assert (await site.finding("server")).state is State.FAILED


async def test_another_installation_is_told_from_this_one(site: Site, tmp_path: Path) -> None:
    other = assemble(replace(site.examined().settings, state_dir=tmp_path / "other"), b"another secret, long enough")
    finding = await site.finding("server", tickets=other.tickets)
    assert finding.state is State.FAILED
    assert "another secret" in finding.found


async def test_without_the_servers_secret_nothing_is_concluded(site: Site) -> None:
    finding = await site.finding("server", tickets=None)
    assert finding.state is State.SKIPPED
    assert "/doctor" in finding.remedy


async def test_a_public_url_of_http_that_is_redirected_to_https_fails_with_the_setting(
    site: Site, free_port: Callable[[], int]
) -> None:
    from aiohttp import web

    async def to_https(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"https://{NAME}{request.path_qs}")

    app = web.Application()
    app.router.add_get("/{tail:.*}", to_https)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        address = f"http://{NAME}:{port}"
        finding = await site.finding(
            "server", address=address, settings=replace(site.examined().settings, public_url=address)
        )
    finally:
        await runner.cleanup()
    assert finding.state is State.FAILED
    assert f"-public-url=https://{NAME}" in finding.remedy


async def test_a_public_url_that_does_not_resolve_fails(site: Site) -> None:
    address = "https://nonexistent.invalid"
    settings = replace(site.examined().settings, public_url=address)
    finding = await site.finding("dns", address=address, settings=settings)
    assert finding.state is State.FAILED
    assert "-public-url" in finding.remedy


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://H.example.com:443/base", "https://h.example.com"),
        ("https://h.example.com:8443", "https://h.example.com:8443"),
        ("http://h.example.com:80", "http://h.example.com"),
        ("http://h.example.com:443", "http://h.example.com:443"),
    ],
)
def test_an_origin_is_written_as_browsers_do(address: str, origin: str) -> None:
    assert origin_of(address) == origin


async def test_without_a_public_url_there_is_nothing_to_reach(site: Site) -> None:
    finding = await site.finding("server", address="")
    assert finding.state is State.SKIPPED
    assert "-public-url" in finding.remedy


async def test_a_server_on_this_machine_that_does_not_run_is_no_fault(site: Site, free_port: Callable[[], int]) -> None:
    settings = replace(site.examined().settings, public_url="")
    report = await site.report(address=f"http://localhost:{free_port()}", settings=settings)
    assert [(one.id, one.state) for one in report.findings] == [("ingress.server", State.SKIPPED)]
