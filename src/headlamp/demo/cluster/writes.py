"""Creating, changing and deleting objects."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from typing import Any

import msgspec
import yaml

from headlamp.demo import timestamps
from headlamp.demo.chance import new_uid, suffix
from headlamp.demo.cluster import kinds, patches, status
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.printing import printer_of
from headlamp.demo.cluster.store import Store, Stored

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_FREE_NAMES = (kinds.CLUSTER_ROLES, kinds.CLUSTER_ROLE_BINDINGS, kinds.ROLES, kinds.ROLE_BINDINGS)
_GRACE_SECONDS = 30
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_JSON_PATCH = "application/json-patch+json"
_APPLY_PATCH = ("application/apply-patch+yaml", "application/apply-patch+cbor")


class Writer:
    """The writing half of the API. With `dry_run` everything is checked and nothing kept."""

    def __init__(self, store: Store, *, now: Callable[[], float], chance: random.Random) -> None:
        self._store = store
        self._now = now
        self._chance = chance

    def create(self, kind: Kind, namespace: str, obj: Json, *, dry_run: bool = False) -> Stored | Json:
        """Add an object. Raises the API's 400, 404 (no such namespace), 409 and 422."""
        self._check_type(kind, obj)
        metadata = obj.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + suffix(self._chance)
        self._check_name(kind, namespace, metadata)
        if kind.namespaced:
            self._store.require(kinds.NAMESPACES, "", namespace)
            metadata["namespace"] = namespace
        for made_here in ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"):
            metadata.pop(made_here, None)
        metadata["uid"] = new_uid(self._chance)
        metadata["creationTimestamp"] = timestamps.written(self._now())
        if "spec" in obj:
            metadata["generation"] = 1
        if kind is kinds.NAMESPACES:
            obj["status"] = {"phase": "Active"}
        elif kind is kinds.PODS:
            obj["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
        self._check_shape(kind, obj)
        if dry_run:
            if self._store.get(kind, namespace, metadata["name"]) is not None:
                raise status.already_exists(kind, metadata["name"])
            return obj
        return self._store.create(kind, obj)

    def update(
        self, kind: Kind, namespace: str, name: str, obj: Json, *, subresource: str = "", dry_run: bool = False
    ) -> Stored | Json:
        """Replace an object, or its status alone. Raises the API's 400, 404, 409 and 422."""
        self._check_type(kind, obj)
        current = self._store.require(kind, namespace, name).load()
        metadata = obj.setdefault("metadata", {})
        if metadata.get("name", name) != name:
            raise status.bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            )
        if subresource == "status":
            version = metadata.get("resourceVersion")
            obj = {**current, "status": obj.get("status", {})}
            obj["metadata"] = {**current["metadata"], **({"resourceVersion": version} if version else {})}
        else:
            for fixed in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"):
                metadata.pop(fixed, None)
                if fixed in current["metadata"]:
                    metadata[fixed] = current["metadata"][fixed]
            metadata["name"] = name
            if kind.namespaced:
                metadata["namespace"] = namespace
            if "status" in current:
                obj["status"] = current["status"]
            if obj.get("spec") != current.get("spec") and "spec" in obj:
                metadata["generation"] = current["metadata"].get("generation", 1) + 1
        self._check_shape(kind, obj)
        if dry_run:
            return obj
        return self._store.replace(kind, obj)

    def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        content_type: str,
        body: bytes,
        *,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Stored | Json:
        """Change parts of an object. Server-side apply is reduced to a merge, and makes the object when there is none.

        Raises the API's 400, 404, 409, 415 and 422.
        """
        applies = content_type in _APPLY_PATCH
        patch = _read_yaml(body) if applies else read_json(body)
        if applies and self._store.get(kind, namespace, name) is None:
            return self.create(kind, namespace, _object(patch), dry_run=dry_run)
        current = self._store.require(kind, namespace, name).load()
        if content_type == _JSON_PATCH:
            patched = patches.json_patch(current, patch)
        elif content_type == _MERGE_PATCH:
            patched = patches.merge(current, _object(patch))
        elif content_type == _STRATEGIC_PATCH or applies:
            patched = patches.strategic_merge(current, _object(patch))
        else:
            raise status.unsupported_media_type()
        return self.update(kind, namespace, name, patched, subresource=subresource, dry_run=dry_run)

    def delete(self, kind: Kind, namespace: str, name: str, *, grace: int | None = None) -> Stored | Json:
        """Take an object away. Pods and namespaces end in their own time, and are answered as they are until then."""
        stored = self._store.require(kind, namespace, name)
        obj = stored.load()
        if self._ends_slowly(kind, obj, grace):
            seconds = _GRACE_SECONDS if grace is None else grace
            if "deletionTimestamp" not in obj["metadata"]:
                obj["metadata"]["deletionTimestamp"] = timestamps.written(self._now() + seconds)
                if kind is kinds.NAMESPACES:
                    obj["status"]["phase"] = "Terminating"
                else:
                    obj["metadata"]["deletionGracePeriodSeconds"] = seconds
            return self._store.replace(kind, obj)
        self._store.remove(kind, namespace, name)
        return status.success(kind, name, stored.uid)

    def scale(self, kind: Kind, namespace: str, name: str) -> Json:
        """The `Scale` of a workload."""
        obj = self._store.require(kind, namespace, name).load()
        metadata = obj["metadata"]
        copied = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {key: metadata[key] for key in copied if key in metadata},
            "spec": {"replicas": dig(obj, "spec", "replicas") or 0},
            "status": {"replicas": dig(obj, "status", "replicas") or 0},
        }

    def rescale(self, kind: Kind, namespace: str, name: str, replicas: Any) -> Json:
        """Set how many pods a workload should have. Raises the API's 404 and 422."""
        obj = copy.deepcopy(self._store.require(kind, namespace, name).load())
        obj["spec"]["replicas"] = replicas
        obj["metadata"].pop("resourceVersion")
        self.update(kind, namespace, name, obj)
        return self.scale(kind, namespace, name)

    def _ends_slowly(self, kind: Kind, obj: Json, grace: int | None) -> bool:
        if kind is kinds.NAMESPACES:
            return True
        running = bool(dig(obj, "spec", "nodeName")) and dig(obj, "status", "phase") not in ("Succeeded", "Failed")
        return kind is kinds.PODS and running and grace != 0

    def _check_type(self, kind: Kind, obj: Json) -> None:
        sent = (obj.get("apiVersion", kind.api_version), obj.get("kind", kind.kind))
        if sent != (kind.api_version, kind.kind):
            raise status.bad_request(
                f"the API version and kind in the data ({sent[0]}, {sent[1]}) do not match the expected ones "
                f"({kind.api_version}, {kind.kind})"
            )

    def _check_name(self, kind: Kind, namespace: str, metadata: Json) -> None:
        name = metadata.get("name") or ""
        if not name:
            problem = "Required value: name or generateName is required"
            raise status.invalid(kind.kind, kind.group, "", "metadata.name", problem, "Required")
        if kind not in _FREE_NAMES and not _NAME.fullmatch(name):
            problem = (
                f'Invalid value: "{name}": a name consists of lower case letters, digits, "-" and ".", '
                "and begins and ends with a letter or digit"
            )
            raise status.invalid(kind.kind, kind.group, name, "metadata.name", problem)
        if kind.namespaced and metadata.get("namespace", namespace) != namespace:
            raise status.bad_request("the namespace of the provided object does not match the namespace of the request")

    def _check_shape(self, kind: Kind, obj: Json) -> None:
        name = obj["metadata"].get("name", "")
        replicas = dig(obj, "spec", "replicas")
        if replicas is not None and (not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0):
            problem = f"Invalid value: {replicas}: must be greater than or equal to 0"
            raise status.invalid(kind.kind, kind.group, name, "spec.replicas", problem)
        containers = dig(obj, "spec", "containers")
        if kind is kinds.PODS and not containers:
            raise status.invalid(kind.kind, kind.group, name, "spec.containers", "Required value", "Required")
        try:
            printer_of(kind).cells(obj)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise status.bad_request(
                f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: unexpected {error}'
            ) from error


def read_json(body: bytes) -> Any:
    """Decode a body. Raises the API's 400."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise status.bad_request(f"the object provided is unrecognized: {error}") from error


def read_object(body: bytes) -> Json:
    """Decode a body that has to be an object. Raises the API's 400."""
    return _object(read_json(body))


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise status.bad_request("the object provided is unrecognized: it is no object")
    return value


def _read_yaml(body: bytes) -> Any:
    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise status.bad_request(f"error decoding YAML: {error}") from error
