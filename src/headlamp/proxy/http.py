"""A request to `/clusters/{c}/…`, passed on as the signed-in user and answered as the cluster answers, streamed."""

from __future__ import annotations

from aiohttp import hdrs, web
from multidict import CIMultiDict

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.transport import ClusterTransport, UpstreamResponse
from headlamp.proxy.errors import BodyStalled, OnlyWebSocket, RedirectElsewhere, SessionOver
from headlamp.proxy.headers import headers_down, headers_up
from headlamp.proxy.lifetime import CLIENT_CLOSED_REQUEST, CutWhen, bearer_for, client_is_gone
from headlamp.proxy.paths import Target
from headlamp.proxy.policy import check_policy
from headlamp.proxy.redirects import rewritten_location
from headlamp.proxy.upload import Upload


async def proxy_http(
    request: web.Request,
    cluster: Cluster,
    transport: ClusterTransport,
    credential: CredentialSource | None,
    target: Target,
    *,
    allow_proxy_subresource: bool = False,
) -> web.StreamResponse:
    """Pass `request` on to `target` in `cluster` and its answer back; neither is held in memory.

    Raises a `Problem` for whatever goes wrong before the answer's head has gone out. Later, when the cluster breaks
    off or the session ends, the connection is broken off too, so that nobody takes a part for the whole. When the
    client goes away, so does the request to the cluster.
    """
    check_policy(request, target, allow_proxy_subresource=allow_proxy_subresource)
    if hdrs.UPGRADE in request.headers:
        raise OnlyWebSocket("The request asks for an upgrade that is not a WebSocket.")

    upload = Upload(request.content, patient=target.is_stream) if request.body_exists else None
    answer: web.StreamResponse | None = None

    def over() -> bool:
        # Once the cluster answers it is for the cluster to say how long it waits for the rest.
        stalled = upload is not None and upload.stalled and answer is None
        return stalled or client_is_gone(request) or _is_ended(credential)

    try:
        with CutWhen(over):
            sent = headers_up(request.headers, await bearer_for(cluster, credential))
            if upload is None:
                sent.popall(hdrs.CONTENT_LENGTH, None)
            async with transport.request(
                request.method, target.sent, headers=sent, body=upload, stream=target.is_stream
            ) as upstream:
                headers = _headers_down(upstream, cluster, target)
                whole = upstream.at_hand()
                if whole is not None:
                    return web.Response(status=upstream.status, reason=upstream.reason, headers=headers, body=whole)
                answer = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=headers)
                await _pass_down(request, upstream, answer)
            return answer
    except ConnectionResetError:
        pass  # the client went while we wrote
    except ClusterUnreachable:
        if answer is None or not answer.prepared:
            raise
    return _broken_off(request, answer, credential, upload)


def _is_ended(credential: CredentialSource | None) -> bool:
    return credential is not None and credential.ended.is_set()


def _headers_down(upstream: UpstreamResponse, cluster: Cluster, target: Target) -> CIMultiDict[str]:
    headers = headers_down(upstream.headers)
    location = upstream.headers.get(hdrs.LOCATION)
    if location is not None:
        try:
            headers[hdrs.LOCATION] = rewritten_location(location, cluster, target)
        except RedirectElsewhere:
            if 300 <= upstream.status < 400:
                raise
    if upstream.status == 401:
        # Says that it was the cluster that did not accept the user, not we: signing in again would change nothing.
        headers["X-Headlamp-Code"] = "cluster.rejected"
    if target.is_stream:
        headers["X-Accel-Buffering"] = "no"  # nginx would hold back a watch's events until its buffer is full
    return headers


async def _pass_down(request: web.Request, upstream: UpstreamResponse, answer: web.StreamResponse) -> None:
    await answer.prepare(request)
    if request.method != hdrs.METH_HEAD:
        async for chunk in upstream.chunks():
            await answer.write(chunk)
    await answer.write_eof()


def _broken_off(
    request: web.Request,
    answer: web.StreamResponse | None,
    credential: CredentialSource | None,
    upload: Upload | None,
) -> web.StreamResponse:
    if answer is not None and answer.prepared:
        if request.transport is not None:
            request.transport.abort()
        return answer
    if _is_ended(credential):
        raise SessionOver("The session ended while the cluster was asked.")
    if upload is not None and upload.stalled:
        raise BodyStalled("The rest of the request's body did not come.")
    return web.Response(status=CLIENT_CLOSED_REQUEST)
