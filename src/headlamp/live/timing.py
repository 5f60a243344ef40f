"""How long live rows wait for what; one value, so that tests need not wait as long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds.

    `batch`: between two messages of changes; `loading_batch`: the same while the first rows arrive. `linger`: how long
    a watch outlives its last viewer (a reload of the page, a click back). `first_pause` doubles up to `longest_pause`
    while a cluster can't be reached. `expiry_lead`: how long before its token expires a watch is opened anew.
    `refused_pause`: between two tries of what was forbidden, rejected or not found. `doubt`: for how long a refusal of
    what was granted before is taken for a cluster that is only just starting. `silence`: after how long without
    even a bookmark (which come about once a minute) a watch is opened anew, since its connection may be dead. `poll`:
    between two lists of what can't be watched. `send`: how long one message to a viewer may take.
    """

    batch: float = 0.25
    loading_batch: float = 0.05
    linger: float = 5.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    expiry_lead: float = 15.0
    refused_pause: float = 60.0
    doubt: float = 10.0
    silence: float = 150.0
    poll: float = 15.0
    send: float = 30.0


class Backoff:
    """Growing pauses between tries. Jitter keeps a thousand viewers from coming back in the same instant."""

    def __init__(self, timing: Timing, random: Callable[[], float]) -> None:
        self._timing = timing
        self._random = random
        self._failures = 0

    def next(self, at_least: float | None = None) -> float:
        """The next pause; not shorter than `at_least`, the server's own wish."""
        ceiling = min(self._timing.first_pause * 2.0**self._failures, self._timing.longest_pause)
        self._failures = min(self._failures + 1, 30)
        pause = ceiling * (0.5 + 0.5 * self._random())
        return pause if at_least is None else at_least + pause

    def reset(self) -> None:
        """All is well again."""
        self._failures = 0
