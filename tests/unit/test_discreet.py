"""A record that leaves its secrets out of `repr` does not tell them to rich either."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import msgspec

import headlamp
from headlamp.clusters.credential import Bearer
from headlamp.discreet import Discreet
from headlamp.oidc.tokens import Tokens


def records(base: type[msgspec.Struct] = msgspec.Struct) -> Iterator[type[msgspec.Struct]]:
    for record in base.__subclasses__():
        yield record
        yield from records(record)


def test_every_record_with_a_repr_of_its_own_is_discreet() -> None:
    for module in pkgutil.walk_packages(headlamp.__path__, "headlamp."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    worded = {
        record for record in records() if record.__module__.startswith("headlamp.") and "__repr__" in vars(record)
    }
    assert {Bearer, Tokens} <= worded
    assert not {record for record in worded if not issubclass(record, Discreet)}


def test_rich_is_told_no_field() -> None:
    assert list(Bearer("secret").__rich_repr__()) == []
    assert "secret" not in repr(Bearer("secret"))
