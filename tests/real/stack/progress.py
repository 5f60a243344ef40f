"""Says what is being waited for, on a terminal in one line that changes, in a log now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 15.0


class Progress:
    """One thing that takes its time. `out` must be a stream that shows at once what is written to it."""

    def __init__(self, out: TextIO = sys.stderr, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._began = now()
        self._said = float("-inf")
        self._live = out.isatty()

    def say(self, text: str) -> None:
        """Say it now."""
        self._write(text)

    def update(self, text: str) -> None:
        """Say it when it is time again."""
        if self._live or self._now() - self._said >= EVERY_S:
            self._write(text)

    def done(self, text: str) -> None:
        """The last word."""
        self._write(text)
        if self._live:
            self._out.write("\n")
            self._out.flush()

    def _write(self, text: str) -> None:
        self._said = self._now()
        minutes, seconds = divmod(int(self._said - self._began), 60)
        line = f"{text} ({minutes}:{seconds:02})"
        self._out.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        self._out.flush()
