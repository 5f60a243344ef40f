"""How long live rows wait for what; one value, so that tests need not wait as long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.problems import Problem


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds.

    `batch`: between two messages of changes; `loading_batch`: the same while the first rows arrive. `linger`: how long
    a watch outlives its last viewer (a reload of the page, a click back). `first_pause` doubles up to `longest_pause`
    while a cluster refuses to answer, and up to `away_pause` while nobody is there at all. `expiry_lead`: how long
    before its token expires a watch is opened anew. `refused_pause`: between two tries of what was forbidden, rejected
    or not found; `first_refusals` are the pauses before that, since an API server that has only just started refuses
    everybody. `doubt`: for how long a refusal of what was granted before is taken for such a cluster. `opening`: how
    long a watch may take to open before the rows are no longer said to be live. `silence`: after how long without even
    a bookmark (which come about once a minute) a watch is opened anew, since its connection may be dead. `pulse`:
    between two questions whether a cluster still answers for what is watched of it. `poll`:
    between two lists of what can't be watched. `send`: how long one message to a viewer may take. `extra`: between two
    readings of one row's extra columns; `usage`: between two readings of what pods use, and `no_usage`: the same where
    nobody measures it. `review`: the longest time between two questions whether somebody may still share what others
    read, and `granted`: for how long at most a yes counts. `answer`: how long such a question may take, and the token
    that it is asked with; `review_pause`: before one is asked again that had no answer. `learn`: how long somebody who
    comes waits to be told who the others are.
    """

    batch: float = 0.25
    loading_batch: float = 0.05
    linger: float = 5.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    away_pause: float = 4.0
    expiry_lead: float = 15.0
    refused_pause: float = 60.0
    first_refusals: tuple[float, ...] = (1.0, 3.0, 10.0)
    doubt: float = 10.0
    opening: float = 10.0
    silence: float = 90.0
    pulse: float = 10.0
    poll: float = 15.0
    send: float = 30.0
    extra: float = 1.0
    usage: float = 20.0
    no_usage: float = 300.0
    review: float = 45.0
    granted: float = 60.0
    answer: float = 3.0
    review_pause: float = 5.0
    learn: float = 0.5


class Backoff:
    """Growing pauses between tries. Jitter keeps a thousand viewers from coming back in the same instant."""

    def __init__(self, timing: Timing, random: Callable[[], float]) -> None:
        self._timing = timing
        self._random = random
        self._failures = 0
        self._away = False

    def next(self, at_least: float | None = None) -> float:
        """The next pause; not shorter than `at_least`, the server's own wish."""
        return self._pause(self._timing.longest_pause, at_least)

    def after(self, problem: Problem) -> float:
        """The pause after a try that ended so.

        Asking where nobody listens costs next to nothing, and rows should be right again a few seconds after the
        cluster is back. One that has only just started turns everybody away for a moment: that is a beginning, not one
        more of the failures before.
        """
        away = isinstance(problem, ClusterUnreachable)
        if self._away and not away:
            self._failures = 0
        self._away = away
        return self._pause(self._timing.away_pause if away else self._timing.longest_pause, problem.retry_after)

    def reset(self) -> None:
        """All is well again."""
        self._failures = 0
        self._away = False

    def _pause(self, longest: float, at_least: float | None) -> float:
        ceiling = min(self._timing.first_pause * 2.0**self._failures, longest)
        self._failures = min(self._failures + 1, 30)
        pause = ceiling * (0.5 + 0.5 * self._random())
        return pause if at_least is None else at_least + pause
