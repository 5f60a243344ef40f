"""One question to an API server, as the user, with a small JSON answer."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from headlamp.access.errors import ClusterAnswered, ClusterRejected
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport

T = TypeVar("T")
ANSWER_LIMIT = 16 * 1024 * 1024


class _Status(msgspec.Struct):
    kind: str = ""
    message: str = ""


async def ask(
    transport: ClusterTransport,
    credential: CredentialSource | None,
    path: str,
    answer: type[T],
    *,
    body: object | None = None,
    accept: str = "application/json",
) -> T:
    """GET `path`, or POST `body` to it, and decode the answer as `answer`.

    Raises `ClusterRejected` for 401, `ClusterAnswered` (with the status) for anything else but 2xx or for a body that
    is not what was asked for, and what the transport and the credential raise.
    """
    headers = {"Accept": accept}
    bearer = await credential.current() if credential else None
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer.token}"
    payload = None
    if body is not None:
        payload = msgspec.json.encode(body)
        headers["Content-Type"] = "application/json"
    method = "GET" if payload is None else "POST"
    async with transport.request(method, path, headers=headers, body=payload) as response:
        raw = await response.read(ANSWER_LIMIT)
        status, date = response.status, response.headers.get("Date", "")
    if status == 401:
        raise ClusterRejected(_status(raw).message, server_time=_time(date))
    if not 200 <= status < 300:
        refusal = _status(raw)
        raise ClusterAnswered(
            status,
            refusal.message or f"The cluster answered {status} to {method} {path.split('?')[0]}.",
            from_api_server=refusal.kind == "Status",
        )
    try:
        return msgspec.json.decode(raw, type=answer, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise ClusterAnswered(
            status, f"The cluster's answer to {path.split('?')[0]} is not what was asked for."
        ) from None


def _status(raw: bytes) -> _Status:
    """The Kubernetes `Status` of a refusal, with at most 1,000 characters of its message; an empty one otherwise."""
    try:
        status = msgspec.json.decode(raw, type=_Status)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return _Status()
    return _Status(status.kind, status.message[:1000])


def _time(date: str) -> float | None:
    """A `Date` header (RFC 9110, section 6.6.1) in seconds since the epoch."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
