"""Failures of the simulated API server: `Status` bodies, worded as a real one words them."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind


class ApiError(Exception):
    """An answer other than success. `body` is the Kubernetes `Status` to send with `code`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            **({"details": details} if details is not None else {}),
            "code": code,
        }


def _details(kind: Kind, name: str = "") -> Json:
    return {
        **({"name": name} if name else {}),
        **({"group": kind.group} if kind.group else {}),
        "kind": kind.plural,
    }


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{kind.qualified} "{name}" not found', details=_details(kind, name))


def no_such_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(kind: Kind, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{kind.qualified} "{name}" already exists', details=_details(kind, name))


def conflict(kind: Kind, name: str) -> ApiError:
    return ApiError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {kind.qualified} "{name}": the object has been modified; please apply your '
        "changes to the latest version and try again",
        details=_details(kind, name),
    )


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def method_not_allowed() -> ApiError:
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )


def not_acceptable() -> ApiError:
    return ApiError(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, application/json;stream=watch",
        details={},
    )


def unsupported_media_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def too_old(asked: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def continue_expired() -> ApiError:
    return ApiError(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter.",
    )


def too_new(asked: int, current: int) -> ApiError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={"causes": [cause], "retryAfterSeconds": 1},
    )


def invalid(kind_name: str, group: str, name: str, field: str, problem: str, cause: str = "Invalid") -> ApiError:
    """422, with one cause: `problem` is what is wrong with `field`."""
    subject = f"{kind_name}.{group}" if group else kind_name
    details: Json = {
        **({"name": name} if name else {}),
        **({"group": group} if group else {}),
        "kind": kind_name,
        "causes": [{"reason": f"FieldValue{cause}", "message": problem, "field": field}],
    }
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {field}: {problem}', details=details)


def not_simulated(what: str) -> ApiError:
    return ApiError(501, "NotImplemented", f"this is a simulated cluster: {what} is not simulated", details={})


def success(kind: Kind, name: str, uid: str) -> Json:
    """What a deletion answers when the object is gone at once."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {**_details(kind, name), "uid": uid},
    }
