"""However many lists somebody has open, the streams that they hold and what they ask for by turns are bounded."""

from __future__ import annotations

from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, Page, until

from headlamp.live.hub import Hub
from headlamp.live.pacing import ASKED_A_SECOND, STREAMS, STREAMS_IN_ALL, Load, Pacing


def of(load: Load) -> Pacing:
    """A list of a credential with that load."""
    pacing = Pacing(FAST)
    pacing.count_for(load)
    return pacing


def streams(pacing: Pacing, count: int) -> int:
    """How many of so many further feeds may stream."""
    return sum(pacing.may_stream(object()) for _ in range(count))


def test_one_list_holds_no_more_than_its_streams() -> None:
    assert streams(Pacing(FAST), 2 * STREAMS) == STREAMS


def test_many_lists_of_one_credential_hold_no_more_than_is_for_all_and_leave_room_for_small_ones() -> None:
    load = Load()
    large = sum(streams(of(load), 20) for _ in range(10))
    assert large < STREAMS_IN_ALL
    # A list of all namespaces holds two.
    small = sum(streams(of(load), 2) for _ in range(300))
    assert small >= 30
    assert large + small == STREAMS_IN_ALL
    # Another credential has its own.
    assert streams(Pacing(FAST), 20) == 20


def test_a_stream_that_is_given_up_is_anothers() -> None:
    load = Load()
    lists = [of(load) for _ in range(STREAMS_IN_ALL)]
    assert all(pacing.may_stream("feed") for pacing in lists)
    late = of(load)
    assert not late.may_stream("feed")
    lists[0].leave("feed")
    lists[0].leave("feed")
    assert late.may_stream("feed")
    assert late.may_stream("feed"), "it has it already"
    lists[1].between_lists("feed", 1)
    assert lists[0].may_stream("feed")
    assert load.streams == STREAMS_IN_ALL


def test_what_all_lists_ask_for_by_turns_is_paced_together() -> None:
    load = Load()
    one, other = of(load), of(load)
    assert one.between_lists("feed", 1) == max(FAST.poll, 1 / ASKED_A_SECOND)
    assert other.between_lists("crowd", 99) == 100 / ASKED_A_SECOND
    assert one.between_lists("feed", 1) == 100 / ASKED_A_SECOND, "a feed counts once"
    assert other.may_stream("crowd")
    assert one.between_lists("feed", 1) == max(FAST.poll, 1 / ASKED_A_SECOND)
    one.leave("feed")
    assert load.polled == 0


def test_a_list_counts_for_another_when_whoever_carried_it_goes() -> None:
    load, heir = Load(), Load()
    shared = of(load)
    assert streams(shared, 50) == 50
    shared.between_lists("feed", 7)
    shared.count_for(heir)
    assert (load.streams, load.polled) == (0, 0)
    assert (heir.streams, heir.polled) == (50, 7)
    shared.leave("feed")
    assert heir.polled == 0


async def test_a_session_with_many_lists_of_many_namespaces_sees_all_rows_by_a_bounded_number_of_watches(
    viewer: FakeViewer, api: FakeApiServer, hub: Hub, page: Page
) -> None:
    names = [f"n{number}" for number in range(20)]
    api.namespace(*names)
    for name in names:
        api.put("pods", name, "x", "Running", "0", "5m")
    views = [
        page.subscribe(number, namespaces=names, label_selector=f"a={number}")
        for number in range(1, STREAMS_IN_ALL // 20 + 3)
    ]
    await until(lambda: all(view.state == "live" and view.synced for view in views))
    assert all(view.statuses() == api.keys("pods", *names) for view in views)
    # Those that are read by turns say so.
    assert any("is read again every" in state["message"] for view in views for state in view.states)
    small = page.subscribe(1000, namespaces=["n1"])
    await until(lambda: small.state == "live" and any(watch.namespace == "n1" for watch in api.watches))
    api.put("pods", "n1", "later", "Running", "0", "0s")
    await until(lambda: "n1/later" in small.rows)
    assert small.states[-1]["message"] == ""
    assert len(api.watches) <= STREAMS_IN_ALL
