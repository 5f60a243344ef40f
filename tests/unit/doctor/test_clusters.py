"""Clusters: the way there broken at each step, and answers that no API server gives."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from tests.support.certificates import Authority
from tests.support.upstream import RecordingUpstream
from tests.unit.doctor.kit import diagnose, found, tools, with_cluster, wrong

from headlamp.clusters.cluster import Cluster, ClusterTls, LocalCredentials
from headlamp.doctor.findings import State
from headlamp.settings import Settings

DAY = 86400.0


async def _version(_: web.Request) -> web.StreamResponse:
    return web.json_response({"major": "1", "minor": "37", "gitVersion": "v1.37.2"})


def _answering(status: int, body: Any = None, **headers: str) -> Callable[[web.Request], Any]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return answer


@pytest.fixture
async def api_server() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as upstream:
        upstream.handler = _version
        yield upstream


async def test_nothing_is_wrong_with_a_cluster_that_is_as_it_should_be(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    report = await diagnose(with_cluster(settings, api_server.cluster(), provider_id="default"), "cluster")
    # Certificates of the tests last for a day.
    assert wrong(report) == ["cluster.expiry"]
    assert "Kubernetes v1.37.2" in found(report, "cluster.answer").found
    assert {finding.subject for finding in report.findings} == {"one"}


async def test_an_api_server_is_asked_as_nobody(settings: Settings, api_server: RecordingUpstream) -> None:
    cluster = api_server.cluster(local_credentials=LocalCredentials(token="local-token"))
    await diagnose(with_cluster(settings, cluster), "cluster")
    assert api_server.last.target == "/version"
    assert api_server.last.values("Authorization") == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_cluster_that_tells_strangers_nothing_is_fine(
    settings: Settings, api_server: RecordingUpstream, status: int
) -> None:
    api_server.handler = _answering(status, {"kind": "Status"})
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster")
    assert found(report, "cluster.answer").state is State.OK


@pytest.mark.parametrize(
    ("status", "body"), [(200, {"other": 1}), (200, ["x"]), (404, {}), (500, {}), (503, {}), (302, {})]
)
async def test_what_is_no_api_server_fails(
    settings: Settings, api_server: RecordingUpstream, status: int, body: Any
) -> None:
    api_server.handler = _answering(status, body, Location="https://elsewhere.example.com/")
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster")
    assert found(report, "cluster.answer").state is State.FAILED


async def test_a_slow_api_server_is_a_warning(settings: Settings, api_server: RecordingUpstream) -> None:
    ticks = iter(range(0, 1000, 3))
    world = tools(monotonic=lambda: float(next(ticks)))
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster", world=world)
    finding = found(report, "cluster.answer")
    assert finding.state is State.WARNING
    assert "3000 ms" in finding.found


async def test_a_cluster_with_another_authority_fails_with_where_to_put_it(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    cluster = api_server.cluster(tls=ClusterTls(ca_pem=Authority("another").pem), kubeconfig_path="/etc/kubeconfig")
    report = await diagnose(with_cluster(settings, cluster), "cluster")
    finding = found(report, "cluster.tls")
    assert finding.state is State.FAILED
    assert "certificate-authority-data" in finding.remedy
    assert "/etc/kubeconfig" in finding.remedy
    assert api_server.requests == []


async def test_a_cluster_under_another_name_fails_and_tls_server_name_is_offered(settings: Settings) -> None:
    async with RecordingUpstream(hosts=("kubernetes.default.svc",)) as upstream:
        upstream.handler = _version
        report = await diagnose(with_cluster(settings, upstream.cluster()), "cluster")
        finding = found(report, "cluster.tls")
        assert finding.state is State.FAILED
        assert "kubernetes.default.svc" in finding.found
        assert "tls-server-name" in finding.remedy
        # And with it, all is well.
        tls = ClusterTls(ca_pem=upstream.authority.pem, server_name="kubernetes.default.svc")
        report = await diagnose(with_cluster(settings, upstream.cluster(tls=tls)), "cluster")
        assert found(report, "cluster.tls").state is State.OK
        assert found(report, "cluster.answer").state is State.OK


async def test_a_cluster_whose_certificate_nobody_looks_at_is_a_warning_and_is_asked(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    cluster = api_server.cluster(tls=ClusterTls(insecure_skip_verify=True))
    report = await diagnose(with_cluster(settings, cluster), "cluster")
    assert found(report, "cluster.verifying").state is State.WARNING
    assert found(report, "cluster.tls").state is State.WARNING
    assert found(report, "cluster.answer").state is State.OK


async def test_an_expired_certificate_of_a_cluster_fails(settings: Settings) -> None:
    class Expired(Authority):
        def server_context(self, *hosts: str, **_: float) -> ssl.SSLContext:
            return super().server_context(*hosts, begins=-3 * DAY, ends=-2 * DAY)

    async with RecordingUpstream(authority=Expired()) as upstream:
        report = await diagnose(with_cluster(settings, upstream.cluster()), "cluster")
    assert found(report, "cluster.tls").state is State.FAILED
    assert "It ended on" in found(report, "cluster.tls").found


async def test_a_cluster_whose_name_does_not_resolve_fails(settings: Settings) -> None:
    report = await diagnose(with_cluster(settings, Cluster("c", "c", "https://nonexistent.invalid:6443")), "cluster")
    assert wrong(report)[-1] == "cluster.dns"
    assert "`server`" in found(report, "cluster.dns").remedy


async def test_a_cluster_whose_port_is_closed_fails(settings: Settings, free_port: Callable[[], int]) -> None:
    cluster = Cluster("c", "c", f"https://127.0.0.1:{free_port()}")
    report = await diagnose(with_cluster(settings, cluster), "cluster")
    assert found(report, "cluster.tcp").state is State.FAILED


async def test_a_clusters_clock_is_looked_at(settings: Settings, api_server: RecordingUpstream) -> None:
    world = tools(ahead=-300)
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster", world=world)
    assert found(report, "cluster.clock").state is State.FAILED
    assert "5 minutes ahead" in found(report, "cluster.clock").found


async def test_a_clock_that_a_cache_tells_is_read_with_its_age(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    async def cached(_: web.Request) -> web.StreamResponse:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 600))
        return web.json_response({"gitVersion": "v1.37.2"}, headers={"Date": date, "Age": "600"})

    api_server.handler = cached
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster")
    assert found(report, "cluster.clock").state is State.OK


async def test_a_broken_definition_fails_with_its_own_words(settings: Settings) -> None:
    report = await diagnose(with_cluster(settings, Cluster("c", "c", error="`server` is missing")), "cluster")
    assert [(one.id, one.state, one.found) for one in report.findings] == [
        ("cluster.usable", State.FAILED, "`server` is missing")
    ]


async def test_plain_http_to_another_machine_is_a_warning(settings: Settings, free_port: Callable[[], int]) -> None:
    port = free_port()
    world = tools(names={"api.example.com": ["127.0.0.1"]})
    import asyncio

    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with server:
        cluster = Cluster("c", "c", f"http://api.example.com:{port}")
        report = await diagnose(with_cluster(settings, cluster), "cluster", world=world)
    assert found(report, "cluster.tls").state is State.WARNING


async def test_a_cluster_that_does_not_answer_in_time_fails(settings: Settings, api_server: RecordingUpstream) -> None:
    import asyncio

    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    api_server.handler = silent
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster", world=tools(step_s=2.5))
    assert found(report, "cluster.answer").state is State.FAILED
    assert "2.5 seconds" in found(report, "cluster.answer").found


async def test_without_a_provider_people_can_only_paste_tokens(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    report = await diagnose(with_cluster(settings, api_server.cluster()), "cluster")
    assert found(report, "cluster.sign_in").state is State.WARNING
