"""Which extra columns there are: one line each."""

from __future__ import annotations

from collections.abc import Mapping

from headlamp.live.extra.annotations import annotation_column
from headlamp.live.extra.column import BadExtra, ExtraColumn, Maker
from headlamp.live.extra.containers import containers_column
from headlamp.live.extra.jsonpath import jsonpath_column
from headlamp.live.extra.labels import label_column
from headlamp.live.extra.last_restart import last_restart_column
from headlamp.live.extra.limits import limits_column
from headlamp.live.extra.owner import owner_column
from headlamp.live.extra.requests import requests_column
from headlamp.live.extra.usage import usage_column
from headlamp.live.resources import Selection

EXTRA_COLUMNS: Mapping[str, Maker] = {
    "label": label_column,
    "annotation": annotation_column,
    "jsonpath": jsonpath_column,
    "containers": containers_column,
    "requests": requests_column,
    "limits": limits_column,
    "usage": usage_column,
    "last-restart": last_restart_column,
    "owner": owner_column,
}


def extra_column(extra_id: str, kind: Selection) -> ExtraColumn:
    """The column that an id ("label:app", "containers") names, for a kind. Raises `BadExtra`."""
    name, _, argument = extra_id.partition(":")
    maker = EXTRA_COLUMNS.get(name)
    if maker is None:
        raise BadExtra(f'There is no column "{name[:40]}".')
    return maker(argument, kind)
