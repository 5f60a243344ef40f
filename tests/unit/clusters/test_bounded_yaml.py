"""YAML that others wrote, within bounds."""

from __future__ import annotations

import time

import pytest

from headlamp.clusters.bounded_yaml import MAX_BYTES, MAX_DEPTH, load_yaml


def test_plain_yaml_is_read() -> None:
    assert load_yaml(b"a: [1, x, true]\nb: {c: null}") == {"a": [1, "x", True], "b": {"c": None}}


def test_an_empty_file_is_nothing() -> None:
    assert load_yaml(b"") is None


def test_a_date_is_text_as_kubernetes_reads_it() -> None:
    assert load_yaml(b"a: 2024-01-01") == {"a": "2024-01-01"}


def test_aliases_work() -> None:
    assert load_yaml(b"a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}") == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}


def laughs(reference: str) -> bytes:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {reference.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 12)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(laughs("[{}]"), "more than", id="billion laughs"),
        pytest.param(laughs("{{<<: [{}]}}"), "more than", id="billion laughs by merge keys"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, "nested deeper|maximum nesting", id="10,000 levels of flow"),
        pytest.param(b"".join(b" " * n + b"a:\n" for n in range(1_000)), "nested deeper", id="1,000 levels of blocks"),
        pytest.param(b"a: " + b"x" * MAX_BYTES, "larger than 4 MiB", id="huge"),
        pytest.param(b"- x\n" * 300_000, "more than", id="300,000 values"),
        pytest.param(b"a: &a [*a]", "an alias names", id="a value inside itself"),
        pytest.param(b"a: *nowhere", "an alias names", id="an alias of nothing"),
        pytest.param(b"a: [1", "line", id="broken"),
        pytest.param(b"a: b: c", "line 1", id="broken at line 1"),
        pytest.param(b"\xff\xfe\xff", "not valid YAML", id="no text"),
        pytest.param(b"a: \x00", "not valid YAML", id="a NUL"),
        pytest.param(b"a: !!python/object/apply:os.system ['true']", "not valid YAML", id="a Python object"),
        pytest.param(b"a: !!int ''", "not valid YAML", id="a number that is none"),
        pytest.param(b"a: !!int " + b"1" * 5000, "not valid YAML", id="a number of too many digits"),
        pytest.param(b"a: !!bool perhaps", "not valid YAML", id="a truth that is none"),
        pytest.param(b"a: !!timestamp soon", "not valid YAML", id="a date that is none"),
        pytest.param(b"a: 1\n---\nb: 2", "not valid YAML", id="two documents"),
        pytest.param(b"? [a, b]\n: c", "not valid YAML", id="a list as key"),
    ],
)
def test_h1_what_is_too_much_or_no_yaml_is_refused_quickly_with_a_reason(content: bytes, reason: str) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=reason):
        load_yaml(content)
    assert time.process_time() - start < 3


def test_the_depth_that_is_allowed_can_be_read() -> None:
    assert load_yaml(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
