"""The report at a terminal."""

from __future__ import annotations

from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.printing import headings, printed
from headlamp.doctor.report import Report

ONE = Point("provider.dns", "Host name", "Without its address nobody reaches it.")
TWO = Point("provider.tls", "Certificate", "It is how one knows who answers.")


def report(*findings: Finding) -> Report:
    return Report(findings)


GOOD = ONE.ok("idp.example.com is 10.0.0.1.", subject="https://idp.example.com")
BAD = TWO.failed(
    "It ended on 2025-01-01 00:00 UTC.", "Renew it; `openssl s_client -connect a:443` shows it.", subject=GOOD.subject
)


def test_findings_stand_aligned_below_what_they_are_about_with_what_to_do() -> None:
    assert printed(report(GOOD, BAD)) == (
        "Identity provider https://idp.example.com\n"
        "  ok       Host name    idp.example.com is 10.0.0.1.\n"
        "  FAILED   Certificate  It ended on 2025-01-01 00:00 UTC.\n"
        "           Why: It is how one knows who answers.\n"
        "           Do:  Renew it; `openssl s_client -connect a:443` shows it.\n"
        "\n"
        "1 failed, 0 to look at, 1 ok, 0 not checked.\n"
    )


def test_colour_is_there_only_when_asked_for() -> None:
    assert "\x1b" not in printed(report(GOOD, BAD))
    painted = printed(report(GOOD, BAD), colour=True)
    assert "\x1b[1;31mFAILED" in painted
    assert "\x1b[32mok" in painted


def test_lines_keep_to_the_width_and_commands_stay_in_one_piece() -> None:
    long = TWO.failed("word " * 60, "first " * 8 + "`a command that is to be copied`" + " last" * 20)
    lines = printed(report(long), width=70).splitlines()
    assert max(map(len, lines)) <= 70
    assert any("`a command that is to be copied`" in line for line in lines)


def test_a_new_heading_for_each_part_and_subject() -> None:
    other = Point("cluster.dns", "Host name", "").ok("x", subject="prod")
    assert [heading for heading, _ in headings([GOOD, BAD, other])] == [
        "Identity provider https://idp.example.com",
        "Cluster prod",
    ]
