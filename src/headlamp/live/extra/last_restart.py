"""The column `last-restart`: why a pod's container ended before it was started again, and with which exit code."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headlamp.live.extra.cells import Restart
from headlamp.live.extra.column import ExtraColumn, Seen, no_argument, only_pods
from headlamp.live.resources import Selection


class _Terminated(Struct, rename="camel", gc=False):
    exit_code: int = 0
    reason: str | None = None
    finished_at: datetime | None = None


class _LastState(Struct, gc=False):
    terminated: _Terminated | None = None


class _Status(Struct, rename="camel", gc=False):
    name: str
    last_state: _LastState | None = None


class _Statuses(Struct, rename="camel", gc=False):
    container_statuses: list[_Status] | None = None
    init_container_statuses: list[_Status] | None = None


class _Pod(Struct, gc=False):
    status: _Statuses | None = None


def last_restart_column(argument: str, kind: Selection) -> ExtraColumn:
    """The column of last restarts: of all containers, the one that ended last."""
    only_pods(kind, "restarts")
    no_argument(argument, "last-restart")
    return ExtraColumn("Last restart", "restart", _last_restart)


def _last_restart(seen: Seen) -> Restart | None:
    statuses = seen.of(_Pod).status or _Statuses()
    latest: Restart | None = None
    for status in (*(statuses.container_statuses or ()), *(statuses.init_container_statuses or ())):
        ended = status.last_state.terminated if status.last_state else None
        if ended is None:
            continue
        at = ended.finished_at.timestamp() if ended.finished_at and ended.finished_at.tzinfo else None
        if latest is None or (at or 0.0) > (latest.at or 0.0):
            latest = Restart(status.name[:63], (ended.reason or "")[:100], ended.exit_code, at)
    return latest
