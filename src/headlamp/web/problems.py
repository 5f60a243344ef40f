"""The one place where a `Problem` becomes an answer: a page, `application/problem+json`, or a Kubernetes `Status`."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web

from headlamp.oidc.errors import TransactionUnknown
from headlamp.problems import Problem
from headlamp.web.pages import problem_page
from headlamp.web.services import SERVICES
from headlamp.web.start_over import START_OVER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What Kubernetes clients expect in `Status.reason` (k8s.io/apimachinery, meta/v1 StatusReason).
STATUS_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
# Without the letters and digits that people mistake for one another.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

log = structlog.stdlib.get_logger("headlamp.web")


class NotFound(Problem):
    code = "http.not_found"
    status = 404
    title = "There is nothing here"
    remedy = "Check the address, or go to the start page."


class PlainHttpProblem(Problem):
    """An answer of the HTTP library itself (method not allowed, body too large) in our words."""

    code = "http.refused"
    title = "The request was refused"
    remedy = "Check the method, the path and the size of the request."

    def __init__(self, status: int, allowed: frozenset[str] = frozenset()) -> None:
        self.allowed = allowed
        self.status = status  # type: ignore[misc]  # the one class whose status is a fact of the case
        super().__init__(f"{status} {HTTPStatus(status).phrase}.")


def new_reference() -> str:
    """A short reference that a person can read out, and that the log line carries too."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def problem_json(problem: Problem, reference: str) -> dict[str, object]:
    """The members of RFC 9457, section 3.1, and ours; `message` is what Headlamp's frontend shows."""
    return {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.message,
        "code": problem.code,
        "message": problem.message,
        "remedy": problem.remedy,
        "reference": reference,
        **problem.extensions,
    }


def status_json(problem: Problem, reference: str) -> dict[str, object]:
    """A Kubernetes `Status` (meta/v1), so that Kubernetes clients understand our own errors."""
    details: dict[str, object] = {
        "causes": [{"reason": problem.code, "message": problem.remedy}, {"reason": "reference", "message": reference}]
    }
    if problem.retry_after is not None:
        details["retryAfterSeconds"] = max(1, round(problem.retry_after))
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": problem.message,
        "reason": STATUS_REASONS.get(problem.status, "ServiceUnavailable" if problem.status >= 500 else "Unknown"),
        "details": details,
        "code": problem.status,
    }


def wants_page(request: web.Request) -> bool:
    """Whether a person looks at the answer: a navigation, not a script's call."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", "")


def answer(request: web.Request, problem: Problem, reference: str) -> web.Response:
    """Turn `problem` into the answer that fits who asked."""
    services = request.app[SERVICES]
    path = request.path.removeprefix(services.base_url)
    if path.startswith("/clusters/"):
        kind, body = "application/json", msgspec.json.encode(status_json(problem, reference))
    elif wants_page(request):
        kind, body = "text/html", _page(request, problem, reference).encode()
    else:
        kind, body = "application/problem+json", msgspec.json.encode(problem_json(problem, reference))
    response = web.Response(status=problem.status, body=body, content_type=kind, charset="utf-8")
    response.headers["X-Headlamp-Code"] = problem.code
    if isinstance(problem, PlainHttpProblem) and problem.allowed:
        response.headers["Allow"] = ",".join(sorted(problem.allowed))
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(problem.retry_after)))
    start_over = request.get(START_OVER)
    if start_over is not None and start_over.slot is not None:
        # Nothing more can come of it.
        services.transactions.drop(request, response, start_over.slot)
    return response


def _page(request: web.Request, problem: Problem, reference: str) -> str:
    return problem_page(
        problem,
        reference,
        base_url=request.app[SERVICES].base_url,
        start_over=request.get(START_OVER),
        may_be_signed_in=isinstance(problem, TransactionUnknown),
    )


@web.middleware
async def problems_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error that a room below raises, and write it to the log under the reference that the answer has."""
    try:
        return await handler(request)
    except Problem as problem:
        caught = problem
    except web.HTTPNotFound:
        caught = NotFound("There is nothing at this address.")
    except web.HTTPException as http:
        if http.status < 400:
            raise
        allowed = frozenset(http.allowed_methods) if isinstance(http, web.HTTPMethodNotAllowed) else frozenset()
        caught = PlainHttpProblem(http.status, allowed)
    except (ConnectionResetError, ConnectionAbortedError):
        raise
    except Exception as unexpected:  # the edge: nothing may leave without an answer and a log line
        caught = Problem("An unexpected error happened here, and was logged.")
        reference = new_reference()
        log.exception("unexpected error", reference=reference, exception=type(unexpected).__name__)
        return answer(request, caught, reference)
    reference = new_reference()
    level = "error" if caught.status >= 500 else "info"
    getattr(log, level)(
        "refused",
        code=caught.code,
        status=caught.status,
        reason=caught.message,
        method=request.method,
        reference=reference,
    )
    return answer(request, caught, reference)
