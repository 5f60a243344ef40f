"""What servers and proxies do to a reader beyond the ordinary: its rows end up right, and its state tells the truth."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.live.fake_apiserver import POD_COLUMNS, FakeApiServer, Fault, status_body
from tests.unit.live.kit import FAST, FakeViewer, Page, View, until

from headlamp.live import paging
from headlamp.live.hub import Hub

PATIENCE_S = 30.0


async def settled(view: View, api: FakeApiServer, *namespaces: str) -> None:
    """Wait until the rows are those of a fresh list, and are said to be current."""
    await until(
        lambda: view.state == "live" and bool(view.synced) and view.statuses() == api.keys("pods", *namespaces),
        PATIENCE_S,
    )


@pytest.fixture(params=["list", "watch"])
async def watched(request: pytest.FixtureRequest, api: FakeApiServer, page: Page) -> tuple[View, Callable[[], None]]:
    """A live list, and what makes it ask again: for a list, or for a watch."""
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")

    def ask_again() -> None:
        if request.param == "list":
            api.forget_versions()
        api.end_watches()

    return view, ask_again


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, {}, b"<html>Please sign in</html>"), id="a page of a proxy"),
        pytest.param((200, {}, b""), id="nothing"),
        pytest.param((200, {}, b'{"kind":"Table","rows":[{"cells":["p0"'), id="half an answer"),
        pytest.param((200, {"Content-Encoding": "gzip"}, gzip.compress(b"{}" * 99)[:20]), id="half of a gzip stream"),
        pytest.param((200, {}, b'{"kind":"Table","rows":[{"cells":["x"]}]}'), id="rows without columns"),
        pytest.param((200, {}, b'{"kind":"Table","rows":[{"cells":["\xff"]}]}'), id="bytes that are no text"),
        pytest.param((200, {}, b'{"kind":' + b"[" * 9999 + b"]" * 9999 + b"}"), id="nested too deeply"),
        pytest.param((502, {}, b"<html>Bad gateway</html>"), id="bad gateway"),
        pytest.param((504, {}, b"upstream request timeout"), id="gateway timeout"),
        pytest.param((429, {"Retry-After": "0"}, status_body(429, "too many requests")), id="too many requests"),
        pytest.param((500, {}, status_body(500, "etcdserver: leader changed")), id="no leader"),
        pytest.param((410, {}, status_body(410, "too old resource version", "Expired")), id="too old a version"),
    ],
)
async def test_g3_a_bad_answer_to_a_list_or_a_watch_leaves_no_wrong_row(
    api: FakeApiServer, watched: tuple[View, Callable[[], None]], answer: tuple[int, dict[str, str], bytes]
) -> None:
    view, ask_again = watched
    api.put("pods", "a", "p0", "Failed", "1", "5m")
    api.delete("pods", "a", "p1")
    api.faults += [answer, answer]
    ask_again()
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: not api.faults, PATIENCE_S)
    await settled(view, api, "a")
    assert view.resets == 1


async def test_g3_a_name_that_no_namespace_can_have_becomes_no_path(api: FakeApiServer, page: Page) -> None:
    api.namespace("../../x?y#", "LOUD", "d")
    view = page.subscribe(1)
    await settled(view, api)
    assert view.states[-1]["missing"] == []
    assert not [path for path, _ in api.requests if "x?y" in path or ".." in path or "LOUD" in path]


class EndlessApiServer(FakeApiServer):
    """Each page of a list of pods has other rows and names another page, while `endless`."""

    def __init__(self) -> None:
        super().__init__()
        self.endless = True
        self.pages = 0

    def _refusal(self, plural: str, *asked: Any) -> Fault | None:
        if plural != "pods" or not self.endless:
            return super()._refusal(plural, *asked)
        self.pages += 1
        rows = [{"cells": [f"x{self.pages}-{number}", "Running", "0", "1s"]} for number in range(100)]
        columns = [{"name": name, "type": kind, "format": form} for name, kind, form in POD_COLUMNS]
        # Tokens as of an older version, so that one which is still used later is refused.
        meta = {"resourceVersion": "1", "continue": f"1.{self.pages}"}
        table = {"kind": "Table", "metadata": meta, "columnDefinitions": columns, "rows": rows}
        return 200, {}, json.dumps(table).encode()


async def test_g3_a_list_without_an_end_is_given_up_and_read_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_ROWS", 500)
    api = EndlessApiServer()
    api.namespace("a")
    api.put("pods", "a", "p0", "Running", "0", "0s")
    page = Page().connect(FakeViewer(api), hub)
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "reconnecting", PATIENCE_S)
    assert "does not end within 500 rows" in view.states[-1]["message"]
    await until(lambda: api.pages > 40, PATIENCE_S)
    (topic,) = hub
    # Those of the last try, and of the one that is under way.
    assert len(topic.table) <= 1000
    api.endless = False
    await settled(view, api, "a")
    await page.disconnect()


async def test_g3_the_same_event_twice_is_one_row(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    await until(lambda: len(api.watches) == 1)
    (watch,) = api.watches
    api.put("pods", "a", "twice", "Running", "0", "0s")
    api.delete("pods", "a", "p0")
    for line in watch.sent[-2:] * 2:
        api.send_raw(line)
    api.put("pods", "a", "last", "Running", "0", "0s")
    await until(lambda: "a/last" in view.rows)
    await settled(view, api, "a")


async def test_g3_a_cluster_whose_versions_have_gone_back_is_read_anew(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    backup = api.backup()
    api.put("pods", "a", "forgotten", "Running", "0", "0s")
    api.delete("pods", "a", "p0")
    await settled(view, api, "a")
    # The version that the watch goes on from is now one that is yet to come, so that it opens and says nothing.
    api.restore(backup)
    said = len(view.states)
    api.break_watches()
    await settled(view, api, "a")
    assert "a/forgotten" not in view.rows
    assert "a/p0" in view.rows
    assert [state["state"] for state in view.states[said:]] == ["reconnecting", "live"], "not live in between"
    api.put("pods", "a", "after", "Running", "0", "0s")
    await settled(view, api, "a")


async def test_g3_versions_that_have_gone_back_under_an_open_watch_are_noticed_by_a_bookmark(
    api: FakeApiServer, page: Page
) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    backup = api.backup()
    api.put("pods", "a", "forgotten", "Running", "0", "0s")
    await settled(view, api, "a")
    api.restore(backup)
    api.bookmark()
    await settled(view, api, "a")
    assert "a/forgotten" not in view.rows


async def test_g3_behind_a_proxy_that_answers_for_a_cluster_that_is_away_the_list_is_read_anew(
    api: FakeApiServer, page: Page
) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    backup = api.backup()
    api.put("pods", "a", "forgotten", "Running", "0", "0s")
    api.delete("pods", "a", "p0")
    await settled(view, api, "a")
    api.break_watches()
    api.faults += [(502, {}, b"<html>Bad gateway</html>")] * 2
    # By the time that it is back its versions have passed ours: nothing of them tells that they are others.
    api.restore(backup)
    for number in range(5):
        api.put("pods", "a", f"new{number}", "Running", "0", "0s")
    await until(lambda: not api.faults)
    await settled(view, api, "a")
    assert "a/forgotten" not in view.rows
    assert {"a/p0", "a/new0"} < view.rows.keys()


async def test_an_api_server_that_turns_requests_away_is_not_asked_for_the_list_again(
    api: FakeApiServer, page: Page
) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    await until(lambda: bool(api.watches))
    asked = len(api.requests)
    api.break_watches()
    api.faults += [(429, {}, status_body(429, "too many requests"))] * 3
    api.put("pods", "a", "meanwhile", "Running", "0", "0s")
    await until(lambda: not api.faults)
    await settled(view, api, "a")
    rows_asked_for = [path for path, _ in api.requests[asked:] if "watch=" not in path]
    assert rows_asked_for == ["/api/v1/namespaces/a/pods?limit=1&includeObject=None"]


async def test_g3_a_proxy_that_cuts_every_watch_after_a_while_is_lived_with(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1)
    await settled(view, api)
    for number in range(12):
        api.put("pods", "ab"[number % 2], f"n{number}", "Running", "0", "0s")
        if number == 6:
            api.delete("pods", "c", "p0")
        api.break_watches()
        await until(lambda: len([watch for watch in api.watches if watch.plural == "pods"]) == 3, PATIENCE_S)
    await settled(view, api)
    assert view.resets == 1


@pytest.fixture
async def impatient_page(viewer: FakeViewer) -> AsyncIterator[Page]:
    """A page at a hub that takes a silent watch for a dead one soon."""
    hub = Hub(timing=dataclasses.replace(FAST, silence=0.2), random=lambda: 0.5)
    page = Page().connect(viewer, hub)
    yield page
    await page.disconnect()
    await hub.close()


async def test_g3_a_watch_whose_connection_is_dead_without_a_word_is_opened_anew(
    api: FakeApiServer, impatient_page: Page
) -> None:
    view = impatient_page.subscribe(1, namespaces=["a"])
    await settled(view, api, "a")
    await until(lambda: len(api.watches) == 1)
    (dead,) = api.watches
    # It stays open, and nothing comes out of it any more.
    dead.deaf = True
    api.put("pods", "a", "unheard", "Running", "0", "0s")
    api.delete("pods", "a", "p0")
    await settled(view, api, "a")
    assert dead not in api.watches


@pytest.mark.parametrize("ahead", [-86400.0, 86400.0], ids=["a day behind", "a day ahead"])
async def test_g3_ages_are_right_whatever_the_clusters_clock_says(
    api: FakeApiServer, page: Page, hub: Hub, ahead: float
) -> None:
    clusters_now = hub.now() + ahead
    created = formatdate(clusters_now - 3600, usegmt=True)
    api.headers["Date"] = formatdate(clusters_now, usegmt=True)
    api.columns["pods"] = [*api.columns["pods"][:3], ("Created At", "date", "")]
    api.put("pods", "clock", "printed", "Running", "0", "60m")
    api.put("pods", "clock", "dated", "Running", "0", _rfc3339(created))
    view = page.subscribe(1, namespaces=["clock"])
    await settled(view, api, "clock")
    for name in ("printed", "dated"):
        assert hub.now() - view.rows[f"clock/{name}"][3]["at"] == pytest.approx(3600, abs=60)


def _rfc3339(date: str) -> str:
    return parsedate_to_datetime(date).strftime("%Y-%m-%dT%H:%M:%SZ")


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.integers(0, 5)),
        st.tuples(st.just("absurd"), st.sampled_from("abc"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.integers(0, 5)),
        st.tuples(st.just("bytes"), st.binary(max_size=20)),
        st.sampled_from(["end", "break", "410", "error", "half a line", "bookmark", "html", "busy", "turn", "turn"]),
        st.sampled_from(["no text", "too deep"]),
    ),
    max_size=40,
)


def _step(api: FakeApiServer, number: int, step: Any) -> None:
    match step:
        case ("put", namespace, which):
            api.put("pods", namespace, f"p{which}", f"S{number}", "0", "1s")
        case ("absurd", namespace, which):
            api.put("pods", namespace, f"p{which}", f"S{number}", f"3 ({'9' * 400}s ago)", "9" * 5000 + "s")
        case ("bytes", line):
            api.send_raw(line + b"\n")
        case "no text":
            api.send_raw(b'{"type":"ADDED","object":{"kind":"\xff"}}\n')
        case "too deep":
            api.send_raw(b'{"type":"ADDED","object":' + b"[" * 9999 + b"]" * 9999 + b"}\n")
        case ("delete", namespace, which):
            if f"{namespace}/p{which}" in api.keys("pods"):
                api.delete("pods", namespace, f"p{which}")
        case "end":
            api.end_watches()
        case "break":
            api.break_watches()
        case "410":
            api.end_watches()
            api.forget_versions()
        case "error":
            api.send_raw(b'{"type":"ERROR","object":{"kind":"Status","message":"etcd is out"}}\n')
        case "half a line":
            api.send_raw(b'{"type":"ADDED","object":{"kind":"Tab')
            api.break_watches()
        case "bookmark":
            api.bookmark()
        case "html":
            api.faults.append((200, {}, b"<html>"))
            api.end_watches()
        case "busy":
            api.faults.append((503, {}, status_body(503, "starting")))
            api.end_watches()


@given(steps=_STEPS, namespaces=st.sampled_from([None, ("a",), ("a", "b", "c")]), crowd=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_g3_any_history_of_changes_and_faults_ends_at_what_a_fresh_list_says(
    steps: list[Any], namespaces: tuple[str, ...] | None, crowd: bool
) -> None:
    async def history() -> None:
        api, hub = FakeApiServer(), Hub(timing=FAST, random=lambda: 0.5)
        api.namespace("a", "b", "c", *(f"n{number}" for number in range(25 if crowd else 0)))
        api.put("pods", "a", "p0", "Running", "0", "1s")
        page = Page().connect(FakeViewer(api), hub)
        view = page.subscribe(1, namespaces=namespaces and list(namespaces))
        for number, step in enumerate(steps):
            if step == "turn":
                await asyncio.sleep(0.005)
            _step(api, number, step)
        await settled(view, api, *(namespaces or ()))
        api.put("pods", "a", "last", "Running", "0", "1s")
        await settled(view, api, *(namespaces or ()))
        await page.disconnect()
        await hub.close()

    asyncio.run(history())
