"""Rows of config maps, secrets and service accounts."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.printing.cells import AGE, NAME, Cell, Column, Printer, age, name

_DATA = Column("Data", "How many entries there are.")


def _config_map(obj: Json) -> tuple[Cell, ...]:
    return (name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj))


def _secret(obj: Json) -> tuple[Cell, ...]:
    return (name(obj), obj.get("type", "Opaque"), len(obj.get("data") or {}), age(obj))


def _name_and_age(obj: Json) -> tuple[Cell, ...]:
    return (name(obj), age(obj))


CONFIG_MAP = Printer((NAME, _DATA, AGE), _config_map)
SECRET = Printer((NAME, Column("Type", "What the secret is for."), _DATA, AGE), _secret)
SERVICE_ACCOUNT = Printer((NAME, AGE), _name_and_age)
