"""Requests for resources: which part of the API answers a verb."""

from __future__ import annotations

import random
from collections.abc import Callable

from aiohttp import hdrs, web

from headlamp.demo.cluster import kinds, logs, reviews, status, watches
from headlamp.demo.cluster.answers import is_upgrade, json_answer, rendered_answer, text_answer
from headlamp.demo.cluster.authentication import User
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.lists import list_objects
from headlamp.demo.cluster.logs import PodLogs, Scribe
from headlamp.demo.cluster.patches import json_patch, merge
from headlamp.demo.cluster.rbac import Rbac
from headlamp.demo.cluster.store import Store, Stored
from headlamp.demo.cluster.streams import run_terminal, stream_log, stream_watch
from headlamp.demo.cluster.tables import Renderer, Representation, negotiate
from headlamp.demo.cluster.targets import Target
from headlamp.demo.cluster.terminal.execution import ExecOptions, machine_for
from headlamp.demo.cluster.writes import Writer, read_json, read_object

_JSON_BODIES = ("application/json", "application/octet-stream", "")


class Resources:
    """Answers authorized requests for resources."""

    def __init__(
        self,
        store: Store,
        rbac: Rbac,
        scribe: Scribe,
        *,
        now: Callable[[], float],
        chance: random.Random,
        bookmark_every: float = watches.BOOKMARK_EVERY,
    ) -> None:
        self._store = store
        self._rbac = rbac
        self._logs = PodLogs(store, scribe, now=now)
        self._writer = Writer(store, now=now, chance=chance)
        self._now = now
        self._chance = chance
        self._bookmark_every = bookmark_every

    async def answer(self, request: web.Request, user: User, target: Target) -> web.StreamResponse:
        """Raises `ApiError` for everything that is no success."""
        kind = kinds.find(target.group, target.version, target.resource)
        if kind is None:
            # A group that nobody serves is an unknown path; within a served one the resource is unknown.
            if any((k.group, k.version) == (target.group, target.version) for k in kinds.ALL):
                raise status.no_such_resource()
            return text_answer("404 page not found\n", status=404)
        if kind.namespaced and not target.namespace and target.verb not in ("list", "watch"):
            raise status.no_such_resource()
        if target.subresource:
            return await self._subresource(request, kind, target)
        if kind not in kinds.STORED:
            return await self._review(request, kind, user, target)
        if target.verb in ("get", "list", "watch"):
            return await self._read(request, kind, target)
        return await self._write(request, kind, target)

    async def _read(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        query = request.query
        shape = _shape(request)
        namespace = target.namespace if kind.namespaced else ""
        if target.verb == "watch":
            selection = dict(query)
            named = _name_in_path(target, request)
            if named:
                selection["fieldSelector"] = f"metadata.name={named}"
            options = watches.read_options(kind, selection, self._chance)
            watch = watches.Watch(
                self._store, kind, namespace, options, shape, now=self._now, bookmark_every=self._bookmark_every
            )
            return await stream_watch(request, watch.events())
        if target.verb == "list":
            return rendered_answer(request, list_objects(self._store, kind, namespace, query, shape, self._now()))
        stored = self._store.require(kind, namespace, target.name)
        return rendered_answer(request, Renderer(kind, shape).one(stored, self._now()))

    async def _write(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        namespace = target.namespace if kind.namespaced else ""
        dry_run = request.query.get("dryRun") == "All"
        match target.verb:
            case "create" if not _name_in_path(target, request):
                made = self._writer.create(kind, namespace, await _object_body(request), dry_run=dry_run)
                return self._object(request, kind, made, code=201)
            case "update":
                obj = await _object_body(request)
                return self._object(
                    request, kind, self._writer.update(kind, namespace, target.name, obj, dry_run=dry_run)
                )
            case "patch":
                patched = self._writer.patch(
                    kind, namespace, target.name, request.content_type, await request.read(), dry_run=dry_run
                )
                return self._object(request, kind, patched)
            case "delete":
                grace = await _grace(request)
                return self._object(request, kind, self._writer.delete(kind, namespace, target.name, grace=grace))
            case "deletecollection":
                names = [(one.namespace, one.name) for one in self._store.select(kind, namespace or None)]
                for its_namespace, name in names:
                    self._writer.delete(kind, its_namespace, name)
                return json_answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
            case _:
                raise status.method_not_allowed()

    async def _subresource(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        sub = kind.subresource(target.subresource)
        if sub is None:
            raise status.no_such_resource()
        if target.verb not in sub.verbs:
            raise status.method_not_allowed()
        namespace = target.namespace if kind.namespaced else ""
        stored = self._store.require(kind, namespace, target.name)
        match target.subresource:
            case "log":
                options = logs.read_options(request.query, self._now())
                return await stream_log(request, self._logs.open(namespace, target.name, options))
            case "exec":
                return await self._exec(request, stored)
            case "attach" | "portforward":
                raise status.not_simulated(target.subresource)
            case "eviction":
                self._writer.delete(kind, namespace, target.name)
                done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
                return json_answer(done, status=201)
            case "scale":
                return await self._scale(request, kind, target)
            case _:
                return await self._status(request, kind, target)

    async def _exec(self, request: web.Request, stored: Stored) -> web.StreamResponse:
        if not is_upgrade(request):
            raise status.bad_request("Upgrade request required")
        query = request.query
        command = tuple(query.getall("command", []))
        if not command:
            raise status.bad_request("you must specify at least one command for the container")
        options = ExecOptions(
            command=command,
            container=query.get("container", ""),
            stdin=query.get("stdin", "") in ("1", "true"),
            tty=query.get("tty", "") in ("1", "true"),
        )
        machine = machine_for(self._store, stored.load(), options.container, self._now)
        return await run_terminal(request, machine, options)

    async def _scale(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        scale = self._writer.scale(kind, target.namespace, target.name)
        if target.verb == "update":
            scale = await _object_body(request)
        elif target.verb == "patch":
            patch = read_json(await request.read())
            scale = json_patch(scale, patch) if isinstance(patch, list) else merge(scale, patch)
        if target.verb != "get":
            scale = self._writer.rescale(kind, target.namespace, target.name, dig(scale, "spec", "replicas") or 0)
        return json_answer(scale)

    async def _status(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        namespace = target.namespace if kind.namespaced else ""
        if target.verb == "get":
            stored = self._store.require(kind, namespace, target.name)
            return rendered_answer(request, Renderer(kind, _shape(request)).one(stored, self._now()))
        if target.verb == "update":
            obj = await _object_body(request)
            changed = self._writer.update(kind, namespace, target.name, obj, subresource="status")
        else:
            body = await request.read()
            changed = self._writer.patch(kind, namespace, target.name, request.content_type, body, subresource="status")
        return self._object(request, kind, changed)

    async def _review(self, request: web.Request, kind: Kind, user: User, target: Target) -> web.StreamResponse:
        if target.verb != "create":
            raise status.method_not_allowed()
        review = await _object_body(request) if request.can_read_body else {}
        if kind is kinds.SUBJECT_REVIEWS:
            return json_answer(reviews.subject_review(user, self._now()), status=201)
        if kind is kinds.ACCESS_REVIEWS:
            return json_answer(reviews.access_review(user, self._rbac, review), status=201)
        return json_answer(reviews.rules_review(user, self._rbac, review), status=201)

    def _object(self, request: web.Request, kind: Kind, changed: Stored | Json, *, code: int = 200) -> web.Response:
        if isinstance(changed, Stored):
            return rendered_answer(request, Renderer(kind, _shape(request)).one(changed, self._now()), status=code)
        return json_answer(changed, status=code)


def _shape(request: web.Request) -> Representation:
    return negotiate(request.headers.get(hdrs.ACCEPT, ""), request.query.get("includeObject", ""))


def _name_in_path(target: Target, request: web.Request) -> str:
    """The object's name when the path has one; a target's name may also come from a field selector."""
    return target.name if request.path.rstrip("/").endswith(f"/{target.name}") and target.name else ""


async def _object_body(request: web.Request) -> Json:
    if request.content_type not in _JSON_BODIES:
        raise status.unsupported_media_type()
    return read_object(await request.read())


async def _grace(request: web.Request) -> int | None:
    """The grace period of a deletion, from the query or from the options in the body."""
    body = await request.read()
    asked = request.query.get("gracePeriodSeconds")
    if asked is None and body:
        asked = read_object(body).get("gracePeriodSeconds")
    if asked is None:
        return None
    try:
        return max(int(asked), 0)
    except (TypeError, ValueError) as error:
        raise status.bad_request(f"invalid gracePeriodSeconds: {asked!r}") from error
