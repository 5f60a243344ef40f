"""What runs, bounds, keeps and cleans: the examination, the desk, the tickets, the scrubber."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.kit import config_of, diagnose, settings_in, tools, with_provider

from headlamp.doctor import examination
from headlamp.doctor.desk import Desk
from headlamp.doctor.evidence import Case
from headlamp.doctor.examination import examine
from headlamp.doctor.examined import Examined
from headlamp.doctor.findings import Finding, Point, State
from headlamp.doctor.registry import FOR_EACH_CLUSTER, FOR_EACH_PROVIDER, ONCE
from headlamp.doctor.report import Report, Scrubber
from headlamp.doctor.tickets import LIFETIME_S, ProbeTickets
from headlamp.sessions.sealing import Sealer

ROOT = Path(examination.__file__).parent
POINT = Point("a.b", "Title", "Why it matters.")


# The examination


async def test_one_round_asks_a_provider_little(tmp_path: Path, idp: MisbehavingProvider) -> None:
    await diagnose(with_provider(settings_in(tmp_path), config_of(idp)))
    # Metadata: by the relying party, for the clock, and by the one with the made-up secret.
    assert [idp.calls(name) for name in ("discovery", "jwks", "authorize", "token")] == [3, 1, 1, 2]


async def test_h4_a_provider_that_hangs_does_not_hold_up_the_report(tmp_path: Path, idp: MisbehavingProvider) -> None:
    idp.deviations.slow = {"discovery": 3600.0}
    examined = with_provider(settings_in(tmp_path), config_of(idp))
    report = await examine(examined, tools=tools(), within=5.0, skip=("ingress",))
    late = [finding for finding in report.findings if finding.id == "provider.complete"]
    assert late
    assert {finding.state for finding in late} == {State.FAILED}
    # What was found before stays.
    assert any(finding.id == "provider.tcp" for finding in report.findings)
    assert any(finding.id == "settings.load" for finding in report.findings)


async def test_a_check_that_breaks_is_a_finding_and_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(case: Case) -> AsyncIterator[Finding]:
        yield POINT.ok("before")
        raise ZeroDivisionError

    broken.__module__ = "headlamp.doctor.checks.broken"
    monkeypatch.setattr(examination, "ONCE", (broken, *ONCE))
    report = await examine(Examined(settings_in(tmp_path)), tools=tools())
    assert [finding.id for finding in report.findings][:2] == ["a.b", "broken.complete"]
    assert report.findings[1].state is State.FAILED
    assert any(finding.id == "settings.load" for finding in report.findings)


async def test_groups_that_are_skipped_are_not_looked_at(tmp_path: Path, idp: MisbehavingProvider) -> None:
    examined = with_provider(settings_in(tmp_path), config_of(idp))
    report = await examine(examined, tools=tools(), skip=("provider", "ingress"))
    assert {finding.group for finding in report.findings} == {"settings", "sessions", "registration"}
    assert idp.seen == []


async def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    await examine(Examined(settings_in(tmp_path)), tools=tools(), progress=lambda done, of: told.append((done, of)))
    assert told == [(number, len(ONCE)) for number in range(1, len(ONCE) + 1)]


def test_every_file_of_a_check_is_registered() -> None:
    files = {path.stem for path in (ROOT / "checks").glob("*.py")} - {"__init__"}
    registered = {check.__module__.rpartition(".")[2] for check in (*ONCE, *FOR_EACH_PROVIDER, *FOR_EACH_CLUSTER)}
    assert files == registered


# The report


def test_a_report_counts_its_states_and_is_healthy_with_warnings() -> None:
    report = Report((POINT.ok("x"), POINT.warning("x", "do"), POINT.skipped("x")))
    assert report.summary == {"ok": 1, "warning": 1, "failed": 0, "skipped": 1}
    assert report.healthy
    assert not Report((POINT.failed("x", "do"),)).healthy


def test_a_report_as_json_has_the_shape_of_the_api() -> None:
    report = Report((POINT.failed("found", "do", subject="s"),))
    assert report.as_json() == {
        "checks": [
            {
                "id": "a.b",
                "title": "Title",
                "state": "failed",
                "found": "found",
                "why": "Why it matters.",
                "remedy": "do",
                "subject": "s",
            }
        ],
        "summary": {"ok": 0, "warning": 0, "failed": 1, "skipped": 0},
    }


def test_h6_secrets_and_tokens_are_scrubbed_wherever_they_are() -> None:
    scrub = Scrubber(["canary-secret", "x"])
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
    finding = scrub(
        POINT.failed(f"said canary-secret and {token}", "type canary-secret", subject="https://canary-secret")
    )
    assert "canary-secret" not in str(finding)
    assert token not in str(finding)
    assert finding.found.startswith("said ***")


def test_what_to_type_stays_as_it_is() -> None:
    remedy = "Set -oidc-client-secret-file=/path/to/secret."
    assert Scrubber([])(POINT.failed("x", remedy)).remedy == remedy


# The desk


class Counting:
    """Counts what it was asked for, and holds it up until told."""

    def __init__(self, tmp_path: Path) -> None:
        self.settings = settings_in(tmp_path)
        self.looks = 0

    def __call__(self) -> Examined:
        self.looks += 1
        return Examined(self.settings)


async def test_a_report_is_kept_for_a_while_for_whom_it_was_made(tmp_path: Path) -> None:
    moment = 0.0
    desk, look = Desk(tools=tools(), fresh=10.0, monotonic=lambda: moment), Counting(tmp_path)
    first = await desk.report("ada", look)
    assert await desk.report("ada", look) is first
    assert await desk.report("bob", look) is not first
    assert look.looks == 2
    moment = 10.0
    assert await desk.report("ada", look) is not first


async def test_h5_a_hundred_who_ask_at_once_cost_one_report_each_and_one_at_a_time(
    tmp_path: Path, idp: MisbehavingProvider
) -> None:
    settings, config = settings_in(tmp_path), config_of(idp)
    desk = Desk(tools=tools())
    asked_before: list[int] = []

    def look() -> Examined:
        asked_before.append(idp.calls("token"))
        return with_provider(settings, config)

    await asyncio.gather(*(desk.report(who, look) for who in ["ada", "bob"] * 50))
    # The second one begins when the first is done with its two questions.
    assert asked_before == [0, 2]
    assert idp.calls("jwks") == 2


async def test_whoever_leaves_does_not_take_the_report_from_the_others(tmp_path: Path) -> None:
    desk, look = Desk(tools=tools()), Counting(tmp_path)
    first = asyncio.create_task(desk.report("ada", look))
    second = asyncio.create_task(desk.report("ada", look))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).findings
    assert look.looks == 1


async def test_closing_the_desk_ends_what_is_being_made(tmp_path: Path, idp: MisbehavingProvider) -> None:
    idp.deviations.slow = {"discovery": 3600.0}
    settings, config = settings_in(tmp_path), config_of(idp)
    desk = Desk(tools=tools())
    waiting = asyncio.create_task(desk.report("ada", lambda: with_provider(settings, config)))
    await asyncio.sleep(0.05)
    await desk.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


# Tickets


def tickets(secret: bytes = b"secret of the installation", now: float = 1000.0) -> ProbeTickets:
    return ProbeTickets(Sealer(secret), now=lambda: now)


def test_a_ticket_is_admitted_by_the_installation_that_issued_it_and_by_no_other() -> None:
    ticket = tickets().issue()
    assert tickets().admits(ticket)
    assert not tickets(b"another secret altogether").admits(ticket)


@pytest.mark.parametrize(("later", "admitted"), [(LIFETIME_S, True), (LIFETIME_S + 1, False), (-LIFETIME_S - 1, False)])
def test_a_ticket_is_good_for_a_minute(later: float, admitted: bool) -> None:
    assert tickets(now=1000.0 + later).admits(tickets().issue()) is admitted


@pytest.mark.parametrize("ticket", ["", "x", "é", "AAAA" * 20, "a b"])
def test_what_is_no_ticket_is_not_admitted(ticket: str) -> None:
    assert not tickets().admits(ticket)


def test_something_else_that_the_installation_sealed_is_no_ticket() -> None:
    import base64

    sealed = Sealer(b"secret of the installation").seal("login transaction", b"\xcb@\x8f@\x00\x00\x00\x00\x00")
    assert not tickets().admits(base64.urlsafe_b64encode(sealed).decode().rstrip("="))


def test_points_are_named_after_the_part_of_the_chain(tmp_path: Path) -> None:
    finding: Any = POINT.ok("x")
    assert finding.group == "a"
