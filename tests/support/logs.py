"""What the program logs, caught for a test."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from headlamp.telemetry.logs import configure_logging


@contextmanager
def logging_put_back() -> Iterator[None]:
    """Whatever is configured inside, the next one finds the logging of the process as it was."""
    root, access = logging.getLogger(), logging.getLogger("aiohttp.access")
    handlers, level, disabled = root.handlers[:], root.level, access.disabled
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        access.disabled = disabled
        structlog.reset_defaults()


@contextmanager
def caught_log() -> Iterator[io.StringIO]:
    """What is logged at the level that tells most, as JSON lines; everything is put back afterwards."""
    stream = io.StringIO()
    with logging_put_back():
        configure_logging("debug", stream=stream, as_json=True)
        yield stream
