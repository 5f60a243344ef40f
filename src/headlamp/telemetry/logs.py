"""Log entries on standard error: JSON for machines, `key=value` for a person at a terminal, redacted either way."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, Final, TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from headlamp.telemetry.redaction import redact

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def configure_logging(level: str = "info", *, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Send all log entries of the process, those of libraries too, to `stream` (standard error).

    `level` is "debug", "info", "warn" or "error". `as_json` is decided by whether the stream is a terminal, unless
    given. To be called once, by whoever owns the process; parts take their logger from `structlog.get_logger()`.
    """
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _json_line if as_json else _console_line,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    # Its access log has whole request lines, with the query string of the callback; ours stands in its place.
    logging.getLogger("aiohttp.access").disabled = True


def log_access(
    log: FilteringBoundLogger, *, method: str, route: str, status: int, seconds: float, reference: str | None = None
) -> None:
    """Log an answered request.

    `route` is the pattern of the route (`/clusters/{cluster}/{path}`), never the path or query string: these hold
    codes, names of objects, and whatever somebody puts there. `reference` is the one that an error page shows.
    What went well is logged at "debug" only: a busy page makes thousands of requests.
    """
    entry: dict[str, Any] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    if reference is not None:
        entry["reference"] = reference
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request", **entry)
    elif status >= HTTPStatus.BAD_REQUEST:
        log.info("request", **entry)
    else:
        log.debug("request", **entry)


def _json_line(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    first = {"time": event.pop("timestamp", None), "level": event.pop("level", method), "event": event.pop("event", "")}
    return json.dumps(first | dict(event), ensure_ascii=False, separators=(",", ":"), default=str)


def _console_line(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    """One line, whatever the values hold: what others wrote must not move the cursor or forge a second entry."""
    time = str(event.pop("timestamp", ""))[11:19]
    level = str(event.pop("level", method))
    text = _printable(str(event.pop("event", "")))
    trace = str(event.pop("exception", ""))
    if "logger" in event:
        event["logger"] = event.pop("logger")  # last
    pairs = "".join(f" {key}={_word(value)}" for key, value in event.items())
    lines = "".join(f"\n    {_printable(line)}" for line in trace.splitlines())
    return f"{time} {level:<7} {text}{pairs}{lines}"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _word(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _printable(text)
    return f'"{text}"' if isinstance(value, str) and (" " in text or not text) else text
