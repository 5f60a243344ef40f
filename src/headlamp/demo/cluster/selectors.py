"""Label and field selectors of lists and watches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from headlamp.demo.cluster import kinds, status
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.kinds import Kind

if TYPE_CHECKING:
    from headlamp.demo.cluster.store import Stored

Predicate: TypeAlias = "Callable[[Stored], bool]"
_Labels: TypeAlias = Mapping[str, str]

_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_SET = re.compile(rf"^(?P<key>{_KEY})\s+(?P<verb>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(rf"^(?P<key>{_KEY})\s*(?P<verb>==|=|!=)\s*(?P<value>[-A-Za-z0-9_.]*)$")
_EXISTS = re.compile(rf"^(?P<absent>!?)\s*(?P<key>{_KEY})$")
_COMMA_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")

_FIELDS: dict[Kind, tuple[str, ...]] = {
    kinds.PODS: ("spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"),
    kinds.EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "type",
        "source",
        "reportingComponent",
    ),
    kinds.SECRETS: ("type",),
    kinds.NAMESPACES: ("status.phase",),
    kinds.NODES: ("spec.unschedulable",),
    kinds.JOBS: ("status.successful",),
    kinds.REPLICA_SETS: ("status.replicas",),
}


def selectable_fields(kind: Kind, obj: Json) -> Mapping[str, str]:
    """The values that field selectors of this kind can ask for, besides name and namespace."""
    values = {}
    for path in _FIELDS.get(kind, ()):
        value = dig(obj, *path.split("."))
        if path == "source":
            value = dig(obj, "source", "component")
        values[path] = str(value).lower() if isinstance(value, bool) else str(value or "")
    return values


def selector(kind: Kind, labels: str, fields: str) -> Predicate | None:
    """Whether an object is selected; None when everything is. Raises the API's 400 for what is no selector."""
    tests = [_label_requirement(part.strip()) for part in _COMMA_OUTSIDE_PARENTHESES.split(labels) if part.strip()]
    wanted = [_field_requirement(kind, part.strip()) for part in fields.split(",") if part.strip()]
    if not tests and not wanted:
        return None
    return lambda stored: all(test(stored.labels) for test in tests) and all(test(stored) for test in wanted)


def exact_name(fields: str) -> str:
    """The name that a field selector asks for (`metadata.name=x`), for rules that are limited to names."""
    for part in fields.split(","):
        key, _, value = part.strip().partition("=")
        if key == "metadata.name":
            return value.removeprefix("=")
    return ""


def _label_requirement(text: str) -> Callable[[_Labels], bool]:
    if match := _SET.match(text):
        key, values = match["key"], {value.strip() for value in match["values"].split(",")}
        if match["verb"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUAL.match(text):
        key, value = match["key"], match["value"]
        if match["verb"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _EXISTS.match(text):
        key, absent = match["key"], bool(match["absent"])
        return lambda labels: (key in labels) is not absent
    raise status.bad_request(f"unable to parse requirement: {text!r} is no label selector")


def _field_requirement(kind: Kind, text: str) -> Predicate:
    key, separator, value = text.partition("=")
    if not separator:
        raise status.bad_request(f"invalid selector: '{text}'; can't understand '{text}'")
    negated = key.endswith("!")
    key, value = key.removesuffix("!"), value.removeprefix("=")
    if key == "metadata.name":
        return lambda stored: (stored.name == value) is not negated
    if key == "metadata.namespace":
        return lambda stored: (stored.namespace == value) is not negated
    if key not in _FIELDS.get(kind, ()):
        raise status.bad_request(f"field label not supported: {key}")
    return lambda stored: (stored.fields.get(key, "") == value) is not negated
