"""What rows never carry, whatever an expression asks for: taken out of an object before anything is looked up in it."""

from __future__ import annotations

from headlamp.live.extra.column import Json

MANIFEST_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "kapp.k14s.io/original",
        "objectset.rio.cattle.io/applied",
    }
)
"""Annotations in which tools keep the object as it was applied: secret values and environments come along in them."""

_HIDDEN = frozenset({"managedFields", *MANIFEST_ANNOTATIONS})
ENVIRONMENT = frozenset({"env", "envFrom"})
"""Fields that hold the environment of a container, when they are lists or maps."""


def is_hidden(name: str) -> bool:
    """Whether a field of this name is never shown, whatever it holds."""
    return name in _HIDDEN


def without_hidden(value: Json) -> Json:
    """The same without managed fields, manifests kept in annotations and environments of containers, in place.

    Wherever in the object: kinds of all kinds hold templates of pods. An `env` that is a plain text is no environment.
    """
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for name in [name for name, held in item.items() if _hides(name, held)]:
                del item[name]
            stack += [held for held in item.values() if isinstance(held, dict | list)]
        elif isinstance(item, list):
            stack += [held for held in item if isinstance(held, dict | list)]
    return value


def _hides(name: str, held: Json) -> bool:
    return name in _HIDDEN or (name in ENVIRONMENT and isinstance(held, dict | list))
