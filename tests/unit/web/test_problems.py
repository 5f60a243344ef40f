"""One problem, three ways to tell it: a page, `application/problem+json`, a Kubernetes `Status`."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from html import escape, unescape
from pathlib import Path

import pytest
from tests.support.logs import caught_log
from tests.support.whole import Whole, whole_server

from headlamp.problems import Problem
from headlamp.web.pages import popup_page, problem_page
from headlamp.web.problems import new_reference, status_json
from headlamp.web.start_over import StartOver

REFERENCE = re.compile(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}")
PAGE = {"Accept": "text/html"}
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
    with caught_log() as stream:
        yield stream


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


def links(page: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]*)"', page)]


async def test_a11_a_sign_in_that_failed_can_be_begun_again_from_its_page(whole: Whole) -> None:
    whole.idp.deviations.authorization_response = {"error": "access_denied", "error_description": "not today"}
    async with whole.browser() as browser:
        failed = await browser.get(await browser.callback_address("/c/main/pods?ns=a"), headers=PAGE)
        text = await failed.text()
        assert "The identity provider answered access_denied: “not today”." in text
        again, as_another, start = links(text)
        assert again == "/oidc?cluster=main&return_to=%2Fc%2Fmain%2Fpods%3Fns%3Da"
        assert as_another == f"{again}&prompt=login"
        assert start == "/"
        # Nothing but a press of a button: no redirect, no script, no loop.
        assert "refresh" not in text
        assert "<script" not in text
        whole.idp.deviations.authorization_response = {}
        begun = await browser.get(again)
        back = await browser.get((await browser.get(begun.headers["Location"])).headers["Location"])
        assert (back.status, back.headers["Location"]) == (303, "/c/main/pods?ns=a")


async def test_a_failed_popup_of_a_headlamp_frontend_ends_as_one_when_it_is_begun_again(whole: Whole) -> None:
    whole.idp.deviations.authorization_response = {"error": "access_denied"}
    async with whole.browser() as browser:
        failed = await browser.get(await browser.callback_address(None), headers=PAGE)
        assert links(await failed.text())[0] == "/oidc?cluster=main"


async def test_a_sign_in_that_failed_leaves_no_cookie_behind(whole: Whole) -> None:
    whole.idp.deviations.authorization_response = {"error": "access_denied"}
    async with whole.browser() as browser:
        await browser.get(await browser.callback_address("/"), headers=PAGE)
        assert browser.cookies() == {}


async def test_a_provider_that_does_not_answer_can_be_tried_again(whole: Whole) -> None:
    await whole.idp.stop()
    async with whole.browser() as browser:
        failed = await browser.get("/oidc?cluster=main&return_to=/c/main/nodes", headers=PAGE)
        assert failed.status == 503
        assert links(await failed.text())[0] == "/oidc?cluster=main&return_to=%2Fc%2Fmain%2Fnodes"


async def test_a13_a_callback_that_nobody_waits_for_asks_whether_one_is_signed_in_already(whole: Whole) -> None:
    async with whole.browser() as browser:
        unknown = await browser.get("/oidc-callback?code=x&state=unknown", headers=PAGE)
        text = await unknown.text()
        assert unknown.status == 400
        assert '<script src="/static/callback.js" defer></script>' in text
        assert links(text) == ["/"]
        script = await browser.get("/static/callback.js")
        assert (script.status, script.content_type) == (200, "text/javascript")


async def test_a1_a_callback_that_comes_twice_leads_back_to_where_it_led(whole: Whole) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/c/main/pods")
        cookies = browser.cookies()
        assert (await browser.get(address)).status == 303
        browser.http.cookie_jar.update_cookies(cookies)
        replayed = await browser.get(address, headers=PAGE)
        text = await replayed.text()
        assert replayed.status == 400
        assert links(text)[-1] == "/c/main/pods"
        assert "callback.js" in text


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
    page = problem_page(problem, attack, base_url="", start_over=StartOver(attack, attack, attack, attack, None))
    assert attack not in page
    # Message, remedy, reference, and the provider's name; the rest is in addresses.
    assert page.count(escape(attack)) >= 4
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
