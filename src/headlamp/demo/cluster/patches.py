"""Patches of objects: JSON Patch (RFC 6902), merge patch (RFC 7386), and a reduced strategic merge."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from headlamp.demo.cluster import status
from headlamp.demo.cluster.jsontypes import Json

# The keys by which entries of a list are the same entry. A real server knows it for each list from its schema.
_MERGE_KEYS = ("name", "mountPath", "containerPort", "port", "type", "uid")


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: objects are merged, null takes away, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def strategic_merge(target: Any, patch: Any) -> Any:
    """Like `merge`, but lists of objects are merged entry by entry, told apart by their names."""
    if isinstance(patch, list):
        return _merge_lists(target if isinstance(target, list) else [], patch)
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = strategic_merge(merged.get(key), value)
    return merged


def _merge_lists(target: list[Any], patch: list[Any]) -> list[Any]:
    key = _merge_key([*target, *patch])
    if key is None:
        return patch
    merged = {entry[key]: entry for entry in target}
    for entry in patch:
        if entry.get("$patch") == "delete":
            merged.pop(entry[key], None)
        else:
            merged[entry[key]] = strategic_merge(merged.get(entry[key]), entry)
    return list(merged.values())


def _merge_key(entries: Iterable[Any]) -> str | None:
    entries = list(entries)
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    return next((key for key in _MERGE_KEYS if all(key in entry for entry in entries)), None)


def json_patch(target: Json, operations: Any) -> Json:
    """RFC 6902. Raises the API's 400 for what is no patch, and its 422 when a test fails or a path does not exist."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise status.bad_request("error decoding patch: a JSON patch is a list of operations")
    document: Any = copy.deepcopy(target)
    for operation in operations:
        try:
            document = _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            message = "the server rejected our request due to an error in our request"
            raise status.ApiError(422, "Invalid", message, details={}) from error
    if not isinstance(document, dict):
        raise status.bad_request("the patch leaves no object")
    return document


def _apply(document: Any, operation: Json) -> Any:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, operation["value"])
        case "remove":
            _remove(document, path)
        case "replace":
            _remove(document, path)
            return _add(document, path, operation["value"])
        case "move":
            value = _at(document, _pointer(operation["from"]))
            _remove(document, _pointer(operation["from"]))
            return _add(document, path, value)
        case "copy":
            return _add(document, path, copy.deepcopy(_at(document, _pointer(operation["from"]))))
        case "test":
            if _at(document, path) != operation["value"]:
                raise ValueError(operation["path"])
        case other:
            raise ValueError(other)
    return document


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        position = len(parent) if path[-1] == "-" else int(path[-1])
        if not 0 <= position <= len(parent):
            raise IndexError(position)
        parent.insert(position, value)
    else:
        parent[path[-1]] = value
    return document


def _remove(document: Any, path: list[str]) -> None:
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        del parent[int(path[-1])]
    else:
        del parent[path[-1]]
