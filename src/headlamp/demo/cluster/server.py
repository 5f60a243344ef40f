"""The simulated API server: authentication, then authorization, then the API, as in a real one."""

from __future__ import annotations

import uuid

from aiohttp import hdrs, web

from headlamp.demo.cluster import discovery, status
from headlamp.demo.cluster.answers import error_answer, json_answer, text_answer
from headlamp.demo.cluster.authentication import Authenticator
from headlamp.demo.cluster.rbac import Rbac
from headlamp.demo.cluster.resources import Resources
from headlamp.demo.cluster.status import ApiError
from headlamp.demo.cluster.targets import Target, read_target

# Bearers of hundreds of groups are longer than what aiohttp takes as one header field by default.
HEADER_LIMIT = 64 * 1024
_LARGEST_BODY = 3 * 1024 * 1024
_HEALTH = ("/healthz", "/livez", "/readyz")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class ApiServer:
    """Puts the parts of the API together; `address` is what discovery names as the server's own."""

    def __init__(self, authenticator: Authenticator, rbac: Rbac, resources: Resources, *, address: str) -> None:
        self._authenticator = authenticator
        self._rbac = rbac
        self._resources = resources
        self._address = address

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.on_response_prepare.append(_audited)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            user = self._authenticator.user_of(request.headers.get(hdrs.AUTHORIZATION))
            if request.method not in _METHODS:
                raise status.method_not_allowed()
            target = read_target(request.method, request.path, request.query)
            self._rbac.require(user, target)
            if target.resource:
                return await self._resources.answer(request, user, target)
            return self._about_itself(request, target)
        except ApiError as error:
            return error_answer(error)

    def _about_itself(self, request: web.Request, target: Target) -> web.Response:
        path = target.path.rstrip("/") or "/"
        aggregated = discovery.asks_for_aggregated(request.headers.get(hdrs.ACCEPT, ""))
        if path in _HEALTH or path.startswith(tuple(f"{one}/" for one in _HEALTH)):
            return text_answer("ok")
        if path in ("/api", "/apis") and aggregated:
            found = discovery.aggregated(core=path == "/api")
            return json_answer(found, content_type=discovery.AGGREGATED_MEDIA_TYPE)
        match path.split("/")[1:]:
            case [""]:
                return json_answer(discovery.paths())
            case ["version"]:
                return json_answer(discovery.version())
            case ["api"]:
                return json_answer(discovery.core_versions(self._address))
            case ["apis"]:
                return json_answer(discovery.group_list())
            case ["api", version] if (resources := discovery.resource_list("", version)) is not None:
                return json_answer(resources)
            case ["apis", group] if (described := discovery.group(group)) is not None:
                return json_answer(described)
            case ["apis", group, version] if (resources := discovery.resource_list(group, version)) is not None:
                return json_answer(resources)
        return text_answer("404 page not found\n", status=404)


async def _audited(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Audit-Id"] = str(uuid.uuid4())
