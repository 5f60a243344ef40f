"""How long jobs take. Until one has completed, the API server prints that for the moment of its answer, like ages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headlamp.live.protocol import Cell


@dataclass(frozen=True, slots=True)
class JobDuration:
    """Where among the cells of a job its duration is (`index`), and those that tell whether it has completed.

    Before Kubernetes 1.31 jobs have no status (None), and the number of completions has to tell.
    """

    index: int
    completions: int
    status: int | None

    def runs_on(self, cells: Sequence[Cell]) -> bool:
        """Whether the time since the job's start is printed: a job that fails has no end either."""
        if self.status is not None:
            return cells[self.status] != "Complete"
        done, _, wanted = str(cells[self.completions]).partition("/")
        return done != wanted


def job_duration_among(names: Sequence[str]) -> JobDuration | None:
    """The duration among the columns of these names, if they are those of jobs."""
    if "Duration" not in names or "Completions" not in names:
        return None
    status = names.index("Status") if "Status" in names else None
    return JobDuration(names.index("Duration"), names.index("Completions"), status)
