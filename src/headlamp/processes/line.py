"""The line between the supervisor and one worker: two pipes, on which each notices at once that the other has gone."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

import msgspec

from headlamp.problems import Problem


class Report(msgspec.Struct, frozen=True):
    """What a worker says once: that it serves, or with `message` and `remedy` why it can't."""

    ready: bool
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The worker's end. `supervisor` is a file descriptor that reads as ended once the supervisor is no more."""

    number: int
    supervisor: int
    report: int

    def ready(self) -> None:
        """Say that connections are accepted now."""
        self._tell(Report(ready=True))

    def failed(self, problem: Problem) -> None:
        """Say why this worker ends before it was ready."""
        self._tell(Report(ready=False, message=problem.message, remedy=problem.remedy))

    def _tell(self, report: Report) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.report, msgspec.json.encode(report))


def read_report(data: bytes) -> Report | None:
    """What a worker has said; None when it ended without a word."""
    try:
        return msgspec.json.decode(data, type=Report)
    except msgspec.MsgspecError:
        return None
