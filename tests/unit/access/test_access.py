"""What the cluster says about a user: asked as that user, and told as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from tests.support.credentials import FixedCredential
from tests.support.upstream import RecordingUpstream

from headlamp.access import acceptance, list_namespaces, rules, who_am_i
from headlamp.access.errors import ClusterAnswered, ClusterRejected
from headlamp.clusters.aiohttp_transport import AiohttpTransport


@pytest.fixture
async def upstream() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as running:
        yield running


@pytest.fixture
async def transport(upstream: RecordingUpstream) -> AsyncIterator[AiohttpTransport]:
    opened = AiohttpTransport(upstream.cluster())
    yield opened
    await opened.close()


def answers(status: int, body: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return handle


async def test_who_am_i_is_asked_with_the_users_own_token(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    upstream.handler = answers(201, {"status": {"userInfo": {"username": "dex:ann", "groups": ["dex:devs"]}}})
    who = await who_am_i(transport, FixedCredential("her-token"))
    assert (who.username, who.groups) == ("dex:ann", ["dex:devs"])
    assert upstream.last.values("Authorization") == ["Bearer her-token"]
    assert (upstream.last.method, upstream.last.target) == ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")


async def test_a_401_is_a_refusal_and_no_other_answer_is(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    upstream.handler = answers(401, {"message": "Unauthorized"})
    assert (await acceptance(transport, FixedCredential("t"))).accepted is False
    with pytest.raises(ClusterRejected):
        await who_am_i(transport, FixedCredential("t"))
    upstream.handler = answers(403, {"kind": "Status", "message": "not allowed"})
    assert (await acceptance(transport, FixedCredential("t"))).accepted is True
    upstream.handler = answers(500, {"message": "etcd is down"})
    answer = await acceptance(transport, FixedCredential("t"))
    assert (answer.accepted, answer.reason) == (None, "etcd is down")


async def test_a_cluster_that_is_older_than_the_review_has_read_and_taken_the_token(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    upstream.handler = answers(404, {"kind": "Status", "message": "the server could not find the requested resource"})
    assert (await acceptance(transport, FixedCredential("t"))).accepted is True


@pytest.mark.parametrize("status", [403, 404])
async def test_an_answer_that_is_not_the_api_servers_own_says_nothing_about_the_token(
    upstream: RecordingUpstream, transport: AiohttpTransport, status: int
) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<html>a proxy", content_type="text/html")

    upstream.handler = handle
    assert (await acceptance(transport, FixedCredential("t"))).accepted is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"kind": "Status", "message": 'selfsubjectreviews is forbidden: User "system:anonymous" cannot create'}),
        (201, {"status": {"userInfo": {"username": "system:anonymous", "groups": ["system:unauthenticated"]}}}),
    ],
)
async def test_a_cluster_that_takes_the_user_for_nobody_has_not_seen_the_token(
    upstream: RecordingUpstream, transport: AiohttpTransport, status: int, body: dict[str, Any]
) -> None:
    upstream.handler = answers(status, body)
    answer = await acceptance(transport, FixedCredential("t"))
    assert answer.accepted is False
    assert answer.reason is not None
    assert "Authorization" in answer.reason


async def test_a_refusal_carries_the_clusters_words_and_its_clock(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        headers = {"Date": "Fri, 24 Jul 2026 10:00:00 GMT"}
        return web.json_response({"kind": "Status", "message": "Unauthorized"}, status=401, headers=headers)

    upstream.handler = handle
    answer = await acceptance(transport, FixedCredential("t"))
    assert isinstance(answer.problem, ClusterRejected)
    assert (answer.problem.said, answer.server_time) == ("Unauthorized", 1784887200.0)


async def test_a_cluster_that_is_not_there_is_not_known(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    gone = AiohttpTransport(upstream.cluster(server="https://127.0.0.1:1"))
    answer = await acceptance(gone, FixedCredential("t"))
    await gone.close()
    assert answer.accepted is None
    assert answer.reason


async def test_namespaces_are_names_in_order(upstream: RecordingUpstream, transport: AiohttpTransport) -> None:
    upstream.handler = answers(200, {"items": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}]})
    found = await list_namespaces(transport, FixedCredential("t"), fallback=None)
    assert (found.items, found.complete) == (("a", "b"), True)


async def test_who_may_not_list_namespaces_is_told_so_and_has_the_contexts_own(
    upstream: RecordingUpstream, transport: AiohttpTransport
) -> None:
    upstream.handler = answers(403, {"message": "namespaces is forbidden"})
    found = await list_namespaces(transport, FixedCredential("t"), fallback="shop")
    assert (found.items, found.complete, found.reason) == (("shop",), False, "namespaces is forbidden")


async def test_rules_are_read_for_the_namespace(upstream: RecordingUpstream, transport: AiohttpTransport) -> None:
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web-1"]}
    upstream.handler = answers(201, {"status": {"resourceRules": [rule], "incomplete": True}})
    found = await rules(transport, FixedCredential("t"), "shop")
    assert found.incomplete is True
    assert found.resource_rules[0].resource_names == ["web-1"]


@pytest.mark.parametrize("body", ["<html>", "[]", '{"status": 5}', ""])
async def test_an_answer_of_another_shape_is_no_answer(
    upstream: RecordingUpstream, transport: AiohttpTransport, body: str
) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    upstream.handler = handle
    with pytest.raises(ClusterAnswered):
        await who_am_i(transport, FixedCredential("t"))
