"""The process that starts the workers, starts another one when one ends, and ends them all.

Workers are forked. The supervisor has no event loop, no thread and no open store, so a fork copies nothing that is
only half there; the secrets stay in memory (a new program would have to be sent them); what the program has loaded is
shared by all, and a worker is replaced within milliseconds.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from headlamp.problems import Problem
from headlamp.processes.line import Line, read_report

# Requests get 3 s, and renewals under way 5 s: an answer that is lost is a refresh token lost.
END_S = 10.0
# A worker that ends sooner than this has a reason that the next one will have too.
STEADY_S = 10.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STOPPING = (signal.SIGTERM, signal.SIGINT)
LARGEST_REPORT = 64 * 1024

log = structlog.stdlib.get_logger("headlamp.processes")


class WorkersFailed(Problem):
    code = "server.workers_failed"
    title = "The workers could not start"
    remedy = "The log says why. With -workers=1 there are none."


@dataclass(slots=True)
class _Place:
    """One of the workers, and whoever takes its place. `started` and `start_at` are moments of a monotonic clock."""

    number: int
    pid: int | None = None
    report: int = -1
    ready: bool = False
    started: float = 0.0
    start_at: float | None = None
    failures: int = 0


class Supervisor:
    """Keeps `count` workers running.

    `work` is what a worker does, in a process of its own, until it returns its exit status. `when_ready` is called
    once, when all of the first workers are.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[Line], int],
        *,
        when_ready: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = [_Place(number) for number in range(1, count + 1)]
        self._work = work
        self._when_ready = when_ready
        self._clock = clock
        self._all_were_ready = False
        self._selector = selectors.DefaultSelector()
        self._signals = -1
        self._alive, self._lifeline = os.pipe()

    def run(self) -> None:
        """Keep the workers running until SIGINT or SIGTERM, then end them; a second signal ends them the hard way.

        Raises the problem of a worker, or `WorkersFailed`, when one of the first ones can't start.
        """
        gc.collect()
        gc.freeze()  # what was loaded stays where it is, and so shared between the processes
        with _signals() as self._signals:
            self._selector.register(self._signals, selectors.EVENT_READ)
            try:
                for place in self._places:
                    self._start(place)
                while not self._signalled():
                    self._look_after()
            finally:
                self._end()

    def _signalled(self) -> bool:
        try:
            return bool(os.read(self._signals, 64))
        except BlockingIOError:
            return False

    def _look_after(self) -> None:
        """Wait for something to happen, and see to it."""
        for place in self._places:
            if place.start_at is not None and place.start_at <= self._clock():
                self._start(place)
        waiting = [place.start_at for place in self._places if place.start_at is not None]
        timeout = max(0.0, min(waiting) - self._clock()) if waiting else None
        for place in self._heard(timeout):
            self._hear(place)

    def _heard(self, timeout: float | None) -> list[_Place]:
        return [key.data for key, _ in self._selector.select(timeout) if key.fd != self._signals]

    def _hear(self, place: _Place) -> None:
        report = read_report(data) if (data := os.read(place.report, LARGEST_REPORT)) else None
        if not data:
            self._replace(place)
        elif report is not None and report.ready:
            place.ready = True
            if not self._all_were_ready and all(other.ready for other in self._places):
                self._all_were_ready = True
                self._when_ready()
        elif report is not None and not self._all_were_ready:
            raise WorkersFailed(report.message, remedy=report.remedy)
        elif report is not None:
            log.error("a worker can't start", worker=place.number, reason=report.message, remedy=report.remedy)

    def _start(self, place: _Place) -> None:
        read_end, write_end = os.pipe()
        place.start_at, place.started, place.ready = None, self._clock(), False
        # A signal that comes before the child has handlers of its own would be told to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            pid = os.fork()
            if pid == 0:
                self._become_worker(Line(place.number, self._alive, write_end), read_end)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        os.close(write_end)
        place.pid, place.report = pid, read_end
        self._selector.register(read_end, selectors.EVENT_READ, place)

    def _become_worker(self, line: Line, read_end: int) -> None:
        """The rest of a worker's life; never returns."""
        status = 1
        try:
            wakeup = signal.set_wakeup_fd(-1)
            for number in STOPPING:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            # Not this worker's: neither the supervisor's life nor what the others say.
            self._selector.close()
            others = [other.report for other in self._places if other.pid is not None]
            for descriptor in (wakeup, self._signals, self._lifeline, read_end, *others):
                os.close(descriptor)
            status = self._work(line)
        except BaseException as unexpected:
            log.exception("unexpected error in a worker", worker=line.number, exception=type(unexpected).__name__)
        finally:
            # What is flushed or closed at an interpreter's usual end is the supervisor's.
            sys.stderr.flush()
            os._exit(status)

    def _replace(self, place: _Place) -> None:
        """A worker has ended by itself: decide when the next one starts."""
        pid, how = place.pid, self._bury(place)
        if not self._all_were_ready:
            raise WorkersFailed(f"A worker ended before it was ready ({how}).")
        now = self._clock()
        place.failures = 0 if now - place.started >= STEADY_S else place.failures + 1
        pause = pause_after(place.failures)
        place.start_at = now + pause
        log.warning("a worker ended", worker=place.number, pid=pid, how=how, next_in_s=pause)

    def _bury(self, place: _Place) -> str:
        """Take note of a worker's end, and say how it was."""
        assert place.pid is not None
        _, status = os.waitpid(place.pid, 0)
        self._selector.unregister(place.report)
        os.close(place.report)
        place.pid, place.report = None, -1
        code = os.waitstatus_to_exitcode(status)
        return f"signal {-code}" if code < 0 else f"status {code}"

    def _end(self) -> None:
        """End all workers: asked first, and killed when they take too long or somebody insists."""
        deadline = self._clock() + END_S
        self._kill(signal.SIGTERM)
        insisted = False
        while any(place.pid is not None for place in self._places):
            left = deadline - self._clock()
            if (left <= 0 or self._signalled()) and not insisted:
                insisted = True
                log.warning("workers that have not ended are killed")
                self._kill(signal.SIGKILL)
            for place in self._heard(None if insisted else max(0.0, left)):
                if not os.read(place.report, LARGEST_REPORT):
                    self._bury(place)

    def _kill(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                os.kill(place.pid, number)


def pause_after(failures: int) -> float:
    """Seconds until the next start, after as many in a row that did not last."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (min(failures, 32) - 1)) if failures else 0.0


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that becomes readable with SIGINT and SIGTERM, which do nothing else meanwhile."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, False)
    former_fd = signal.set_wakeup_fd(write_end)
    former = {number: signal.signal(number, lambda *_: None) for number in STOPPING}
    try:
        yield read_end
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_fd)
        os.close(read_end)
        os.close(write_end)
