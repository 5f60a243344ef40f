"""What is shown of claims is short, and holds no token."""

from __future__ import annotations

import multiprocessing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.access.explanation.tokens import jwt

from headlamp.access.explanation import shortened
from headlamp.access.explanation.shortening import in_words

NUMBERS = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
TEXTS = st.one_of(st.text(max_size=40), st.just("long " * 200))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=20), inner, max_size=8)),
    max_leaves=25,
)


def test_a_long_list_is_counted() -> None:
    shown = shortened([f"group-{number}" for number in range(1700)])
    assert len(shown) == 26
    assert shown[-1] == "… and 1,675 more"


def test_a_long_text_is_cut() -> None:
    shown = shortened("x" * 10_000)
    assert shown.startswith("xxx")
    assert shown.endswith("… (10,000 characters)")
    assert len(shown) < 400


def test_depth_is_bounded() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = {"a": [deep]}
    assert "end" not in str(shortened(deep))


def test_e7_a_token_inside_a_claim_is_not_shown() -> None:
    inner = jwt()
    claims = {
        "_claim_sources": {"src1": {"endpoint": "https://graph.example.com", "access_token": "opaque-secret"}},
        "note": f"bearer {inner}",
        "JWT": "opaque-secret",
        inner: 1,
    }
    shown = msgspec.json.encode(shortened(claims)).decode()
    assert "opaque-secret" not in shown
    assert "eyJ" not in shown
    assert "https://graph.example.com" in shown


def test_values_are_put_into_words() -> None:
    assert in_words(None) == "(missing)"
    assert in_words("") == "(empty)"
    assert in_words(False) == "false"
    assert in_words([]) == "(an empty list)"
    assert in_words(["a", "b"]) == "a, b"
    assert in_words(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert in_words([1]) == "a list of 1 items"
    assert in_words({"a": 1}) == "an object of 1 members"


@settings(deadline=None)
@given(JSON)
def test_any_claim_can_be_shown(value: object) -> None:
    msgspec.json.encode(shortened(value))
    assert len(in_words(value)) < 2500


@pytest.mark.parametrize("beside", ["{}", "({})", "token={};", "x{}", "first.part.{}", "{}.", "eyJ.{}", "a {} b {}"])
def test_e7_a_token_is_not_shown_wherever_it_stands_in_a_text(beside: str) -> None:
    inner = jwt()
    shown = shortened(beside.replace("{}", inner))
    assert "(a token, not shown)" in shown
    assert not any(len(part) > 5 and part in shown for part in inner.split("."))


@pytest.mark.parametrize(
    "text", ["eyJ", "eyJ.a", "eyJhbGciOi", "a.b.c", "1.2.3-eyJhbGci", "https://idp.example.org/a.b"]
)
def test_what_is_no_token_stays(text: str) -> None:
    assert shortened(text) == text


def test_h1_a_text_that_looks_like_the_beginning_of_a_token_throughout_is_read_once() -> None:
    """Ten minutes and more, if the end of a token were looked for at each of its beginnings."""
    reader = multiprocessing.get_context("spawn").Process(target=shortened, args=("eyJ" * 130_000,))
    reader.start()
    reader.join(60)
    late = reader.is_alive()
    reader.kill()
    reader.join()
    assert not late
