"""What the program logs, caught for a test."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from headlamp.telemetry.logs import configure_logging


@contextmanager
def caught_log() -> Iterator[io.StringIO]:
    """What is logged at the level that tells most, as JSON lines; everything is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("debug", stream=stream, as_json=True)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
