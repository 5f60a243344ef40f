"""The form of log entries, for machines and at a terminal."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
import structlog

from headlamp.telemetry.logs import configure_logging, log_access


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_entries_are_one_json_object_a_line_when_nobody_watches() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    structlog.get_logger("headlamp.test").info("started", port=4466, names=["ä", "b\nc"])
    entry = json.loads(stream.getvalue())
    assert stream.getvalue().count("\n") == 1
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "info",
        "event": "started",
        "logger": "headlamp.test",
        "port": 4466,
        "names": ["ä", "b\nc"],
    }


def test_entries_are_words_and_pairs_at_a_terminal() -> None:
    stream = Terminal()
    configure_logging(stream=stream)
    structlog.get_logger("headlamp.test").warning("slow answer", cluster="my cluster", ms=12.5)
    assert stream.getvalue()[9:] == 'warning slow answer cluster="my cluster" ms=12.5 logger=headlamp.test\n'


def test_d10_control_characters_do_not_reach_the_terminal() -> None:
    stream = Terminal()
    configure_logging(stream=stream)
    structlog.get_logger("headlamp.test").info("a\nb", name="\x1b]0;title\x07\u202e")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warn", 2), ("error", 1)])
def test_the_level_decides_what_is_shown(level: str, shown: int) -> None:
    stream = io.StringIO()
    configure_logging(level, stream=stream)
    log = structlog.get_logger("headlamp.test")
    for method in (log.debug, log.info, log.warning, log.error):
        method("x")
    assert len(stream.getvalue().splitlines()) == shown


def test_h6_messages_and_tracebacks_of_libraries_are_redacted_too() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    try:
        raise ValueError("refused: code=canary-1")
    except ValueError:
        logging.getLogger("library").exception("header %s", "Bearer canary-2")
        structlog.get_logger("headlamp.test").exception("failed", token="canary-3")
    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [entry["event"] for entry in entries] == ["header Bearer ***", "failed"]
    assert all("ValueError" in entry["exception"] for entry in entries)
    assert "canary" not in stream.getvalue()


def test_h6_an_exception_that_nobody_caught_in_a_task_is_redacted() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "lost", "exception": ValueError("refresh_token=canary")})
    loop.close()
    assert "lost" in stream.getvalue()
    assert "canary" not in stream.getvalue()


def test_a_request_is_logged_by_its_route_status_and_time() -> None:
    stream = io.StringIO()
    configure_logging("debug", stream=stream)
    log = structlog.get_logger("headlamp.test")
    log_access(log, method="GET", route="/oidc-callback", status=303, seconds=0.01234)
    log_access(log, method="GET", route="/clusters/{c}/{path}", status=403, seconds=1)
    log_access(log, method="GET", route="/clusters/{c}/{path}", status=502, seconds=1, reference="a1b2")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    del first["time"]
    assert first == {
        "level": "debug",
        "event": "request",
        "logger": "headlamp.test",
        "method": "GET",
        "route": "/oidc-callback",
        "status": 303,
        "ms": 12.3,
    }
    assert second["level"] == "info"
    assert (third["level"], third["reference"]) == ("warning", "a1b2")


def test_h6_the_access_log_of_the_server_library_is_off() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logging.getLogger("aiohttp.access").info("GET /oidc-callback?code=canary")
    assert stream.getvalue() == ""
