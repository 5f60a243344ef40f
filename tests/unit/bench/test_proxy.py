"""The measurement of the proxied path: that it measures every row and what it takes for an answer; never a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from bench.proxy import build, main, measuring
from bench.proxy.load import LoadError, Order, Report
from bench.proxy.parties import Laid, laid_out
from bench.proxy.run import Form, measured
from bench.proxy.table import GOALS, HEADINGS, Figure, Goal, printed

SMALLEST = Form(rounds=1, seconds=0.05, watched=0.5, sockets=10, downloads=4)
TOKEN = "t" * 900


@pytest.fixture(scope="module")
def program() -> Path:
    return build.peer()


@pytest.fixture(scope="module")
def laid(program: Path) -> Iterator[Laid]:
    with laid_out(program, {}) as everything:
        yield everything


@pytest.mark.go
def test_every_row_of_the_table_is_measured_at_both_proxies(program: Path) -> None:
    figures = list(measured(program, {}, SMALLEST))
    assert sorted(figure.row for figure in figures) == sorted(GOALS)
    for figure in figures:
        assert len(figure.ours) == len(figure.go) > 0
        if not figure.row.startswith(("200 slow", "1,000 idle", "added latency")):
            assert min(*figure.ours, *figure.go) > 0, figure.row


@pytest.mark.go
@pytest.mark.parametrize("work", measuring.WORKS, ids=lambda work: work.name)
def test_through_the_go_proxy_comes_what_the_upstream_says(laid: Laid, work: measuring.Work) -> None:
    direct = laid.direct(TOKEN)
    with laid.go(TOKEN) as go:
        said = [laid.load.obey(party.order(work.do, work.path, requests=3, size=64)) for party in (direct, go)]
    assert said[0].requests == said[1].requests == 3
    assert said[0].bytes == said[1].bytes > 0
    assert said[0].sha256 == said[1].sha256
    assert said[0].encoding == said[1].encoding == work.encoding


@pytest.mark.go
def test_gzip_is_gzip_of_the_size_that_the_row_names(laid: Laid) -> None:
    packed = next(work for work in measuring.WORKS if work.encoding)
    said = laid.load.obey(laid.direct(TOKEN).order("get", packed.path, requests=1))
    assert 195_000 < said.bytes < 215_000
    assert said.body.startswith("\x1f")


@pytest.mark.go
def test_a_proxy_that_loses_the_token_is_not_fast_but_wrong(laid: Laid) -> None:
    with laid.go("") as go, pytest.raises(LoadError, match="status 401"):
        laid.load.obey(go.order("get", "/api/v1/small", requests=1))


@pytest.mark.go
def test_an_order_that_nobody_knows_is_refused(laid: Laid) -> None:
    with pytest.raises(LoadError, match="no order"):
        laid.load.obey(Order(do="dance"))


def test_without_a_go_it_says_so_and_ends_with_a_status_that_is_not_zero(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.GoMissingError):
        build.peer()
    with pytest.raises(SystemExit, match="no Go") as ended:
        main([])
    assert ended.value.code != 0


def test_a_report_is_read_from_the_line_that_the_load_generator_writes() -> None:
    line = (
        b'{"requests":10,"seconds":0.5,"bytes":20480,"p50_us":80,"p99_us":120.5,"failures":0,"failure":"",'
        b'"sha256":"ab","encoding":"gzip","body":""}\n'
    )
    report = msgspec.json.decode(line, type=Report)
    assert (report.requests, report.bytes, report.p99_us, report.encoding) == (10, 20480, 120.5, "gzip")


def test_a_ratio_is_the_middle_one_of_the_rounds() -> None:
    figure = Figure("2 KB: CPU a request", "µs", [100, 300, 90], [100, 100, 100], Goal(1.0))
    assert figure.ratios == [1.0, 3.0, 0.9]
    assert figure.ratio == 1.0
    assert figure.met is True
    assert Figure("x", "µs", [101, 101], [100, 100], Goal(1.0)).met is False


def test_a_goal_with_a_unit_is_of_our_own_figure() -> None:
    assert Figure("x", "MB", [99.0], [1.0], Goal(100.0, "MB")).met is True
    assert Figure("x", "MB", [101.0], [500.0], Goal(100.0, "MB")).met is False
    assert Figure("x", "MB", [1.0], [1.0], None).met is None


def test_the_table_has_a_line_for_each_figure_and_says_what_was_not_met() -> None:
    lines = printed(
        [Figure("one", "µs", [2.0], [1.0], Goal(1.0)), Figure("two", "/s", [5.0], [0.0], None)]
    ).splitlines()
    assert [line.split()[0] for line in lines] == ["row", "one", "two"]
    assert all(heading in lines[0] for heading in HEADINGS)
    assert lines[1].endswith("NOT met")
    assert lines[2].split() == ["two", "5.0", "/s", "0.0", "/s", "-"]
