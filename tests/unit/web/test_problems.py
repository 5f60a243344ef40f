"""One problem, three ways to tell it: a page, `application/problem+json`, a Kubernetes `Status`."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from html import escape
from pathlib import Path

import pytest
import structlog
from tests.support.whole import Whole, whole_server

from headlamp.problems import Problem
from headlamp.telemetry.logs import configure_logging
from headlamp.web.pages import popup_page, problem_page
from headlamp.web.problems import new_reference, status_json

REFERENCE = re.compile(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}")
XSS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "</main><svg onload=alert(1)>"]


class Overloaded(Problem):
    code = "test.overloaded"
    status = 429
    title = "Too much"
    remedy = "Wait."


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as JSON lines; everything is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("debug", stream=stream, as_json=True)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_a_person_gets_a_page_with_cause_remedy_and_reference(whole: Whole, log: io.StringIO) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=nowhere", headers={"Accept": "text/html"})
        text = await answer.text()
    assert (answer.status, answer.content_type) == (404, "text/html")
    assert answer.headers["X-Headlamp-Code"] == "cluster.unknown"
    assert "There is no such cluster" in text
    assert "<script" not in text
    reference = REFERENCE.search(text)
    assert reference is not None
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["code"] for line in lines if line.get("reference") == reference[0]] == ["cluster.unknown"]


async def test_a_script_gets_problem_json(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/api/nothing")
        told = await answer.json(content_type="application/problem+json")
    assert told["status"] == answer.status == 404
    assert told["code"] == answer.headers["X-Headlamp-Code"] == "http.not_found"
    assert told["message"] == told["detail"]
    assert REFERENCE.fullmatch(told["reference"])
    assert told.keys() == {"type", "title", "status", "detail", "code", "message", "remedy", "reference"}


async def test_below_clusters_even_a_navigation_gets_a_kubernetes_status(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/clusters/main/api", headers={"Accept": "text/html"})
        told = await answer.json()
    assert (told["kind"], told["apiVersion"], told["status"]) == ("Status", "v1", "Failure")
    assert (told["code"], told["reason"]) == (401, "Unauthorized")
    assert told["details"]["causes"][0]["reason"] == "session.none"
    assert REFERENCE.fullmatch(told["details"]["causes"][1]["message"])


async def test_a_method_that_an_address_has_not_is_refused_with_those_that_it_has(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.request("POST", "/api/session")
    assert answer.status == 405
    assert {"GET", "DELETE"} <= set(answer.headers["Allow"].split(","))


async def test_d9_what_a_provider_says_is_text_on_the_page(whole: Whole) -> None:
    for attack in XSS:
        whole.idp.deviations.authorization_response = {"error": "access_denied", "error_description": attack}
        async with whole.browser() as browser:
            answer = await browser.get(await browser.callback_address("/"), headers={"Accept": "text/html"})
            assert answer.status >= 400
            assert attack not in await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("attack", XSS)
def test_d9_every_part_of_a_page_is_escaped(attack: str) -> None:
    problem = Overloaded(attack, remedy=attack)
    page = problem_page(problem, attack, base_url="")
    assert attack not in page
    assert page.count(escape(attack)) == 3
    assert attack not in popup_page(attack, base_url="")


def test_a_time_to_wait_is_told_to_kubernetes_clients_too() -> None:
    told = status_json(Overloaded(retry_after=2.6), "AAAA-BBBB")
    assert told["reason"] == "TooManyRequests"
    assert isinstance(told["details"], dict)
    assert told["details"]["retryAfterSeconds"] == 3


def test_references_can_be_read_out() -> None:
    references = {new_reference() for _ in range(100)}
    assert len(references) == 100
    assert all(REFERENCE.fullmatch(reference) for reference in references)
