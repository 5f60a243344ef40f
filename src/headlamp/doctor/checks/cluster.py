"""The way to a cluster's API server, and what it answers to somebody who is nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import msgspec

from headlamp.clusters.transports import CLIENTS
from headlamp.doctor.asking import skew_of
from headlamp.doctor.evidence import CLUSTER_ROAD, ClusterCase
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.judging import clock
from headlamp.problems import Problem

USABLE = Point("cluster.usable", "Definition", "A cluster whose definition is broken answers nobody.")
SIGN_IN = Point("cluster.sign_in", "Provider", "It says where people sign in for this cluster.")
VERIFYING = Point(
    "cluster.verifying",
    "Verification",
    "Without it anybody on the network between can answer in the cluster's place, and gets people's tokens.",
)
ANSWER = Point("cluster.answer", "API server", "What answers there must be a Kubernetes API server.")

MAX_BYTES = 64 * 1024
SLOW_S = 1.0


class _Version(msgspec.Struct):
    version: str = msgspec.field(name="gitVersion")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    skew: float | None
    took: float


async def check(case: ClusterCase) -> AsyncIterator[Finding]:
    """All points on the way to the cluster, then its answer."""
    cluster, subject = case.cluster, case.subject
    if cluster.error is not None:
        remedy = "Correct the cluster's entry in the kubeconfig; the file is read again by itself."
        yield USABLE.failed(cluster.error, remedy, subject=subject)
        return
    yield _sign_in(case)
    if not case.verified:
        remedy = (
            "Leave out -insecure-ssl (and insecure-skip-tls-verify in the kubeconfig), and give the cluster's "
            "`certificate-authority-data`."
        )
        yield VERIFYING.warning("The API server's certificate is not verified.", remedy, subject=subject)
    way = await case.way.get()
    for finding in way.findings:
        yield finding
    if not way.open and way.findings:
        return
    reply = await _ask(case)
    if isinstance(reply, Problem):
        yield ANSWER.failed(reply.message, reply.remedy, subject=subject)
        return
    yield clock(CLUSTER_ROAD, reply.skew, subject=subject)
    yield _judge(reply, subject)


def _sign_in(case: ClusterCase) -> Finding:
    if case.provider_id is not None:
        found = next((one.config.issuer for one in case.examined.providers if one.config.id == case.provider_id), "")
        return SIGN_IN.ok(f"People sign in at {found or case.provider_id}.", subject=case.subject)
    if case.examined.local:
        if case.cluster.notice:
            remedy = "Sign in with another program's token by pasting it, or configure a provider."
            return SIGN_IN.warning(case.cluster.notice, remedy, subject=case.subject)
        return SIGN_IN.ok("The kubeconfig's own credentials speak.", subject=case.subject)
    remedy = "Set -oidc-idp-issuer-url and -oidc-client-id, or name a provider in the kubeconfig."
    return SIGN_IN.warning("No provider: people can only paste tokens.", remedy, subject=case.subject)


async def _ask(case: ClusterCase) -> _Reply | Problem:
    """GET /version as nobody, by the same door as everybody's requests."""
    tools = case.tools
    transport = None
    try:
        settings = case.examined.settings
        client = CLIENTS[settings.cluster_client]
        transport = client(replace(case.cluster, local_credentials=None), insecure_ssl=settings.insecure_ssl)
        began, before = tools.monotonic(), tools.now()
        async with (
            asyncio.timeout(tools.step_s),
            transport.request("GET", "/version", headers={"Accept": "application/json"}) as response,
        ):
            body = await response.read(MAX_BYTES)
            took = tools.monotonic() - began
            skew = skew_of(response.headers, (before + tools.now()) / 2)
            return _Reply(response.status, body, skew, took)
    except TimeoutError:
        return Problem(
            f"It did not answer within {tools.step_s:g} seconds.",
            remedy="Look whether the API server is overloaded, and what is in front of it.",
        )
    except Problem as problem:
        return problem
    finally:
        if transport is not None:
            await transport.close()


def _judge(reply: _Reply, subject: str) -> Finding:
    took = f"in {reply.took * 1000:.0f} ms"
    remedy = "Look whether the API server is overloaded, and how far away it is."
    if reply.status == 200:
        try:
            version = msgspec.json.decode(reply.body, type=_Version).version[:40]
        except (msgspec.DecodeError, msgspec.ValidationError):
            wrong = "Check `server` of the cluster in the kubeconfig: it must be the API server's own address."
            return ANSWER.failed("What answers there is no API server (no version).", wrong, subject=subject)
        if reply.took > SLOW_S:
            return ANSWER.warning(f"Kubernetes {version}, and slow: {took}.", remedy, subject=subject)
        return ANSWER.ok(f"Kubernetes {version}, {took}.", subject=subject)
    if reply.status in (401, 403):
        found = f"It answers {took}, and tells strangers nothing ({reply.status}), which is fine."
        return ANSWER.ok(found, subject=subject)
    if 300 <= reply.status < 400:
        wrong = "Check `server` of the cluster in the kubeconfig: it must be the API server's own address."
        return ANSWER.failed(f"It redirects elsewhere ({reply.status}), which is not followed.", wrong, subject=subject)
    if reply.status >= 500:
        look = "Look at the API server's log, and at that of a load balancer in front of it."
        return ANSWER.failed(f"It answers {reply.status}.", look, subject=subject)
    wrong = "Check `server` of the cluster in the kubeconfig, its path above all."
    return ANSWER.failed(f"It answers {reply.status} to GET /version.", wrong, subject=subject)
