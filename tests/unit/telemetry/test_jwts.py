"""JWTs are found wherever they stand, in a time that does not depend on what else the text looks like."""

from __future__ import annotations

import multiprocessing

import pytest

from headlamp.telemetry.jwts import without_jwts

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (JWT, "***"),
        (f"Bearer {JWT}, and", "Bearer ***, and"),
        (f"token={JWT}&x=1", "token=***&x=1"),
        (f"x{JWT}", "x***"),
        (f"first.part.{JWT}", "first.part.***"),
        (f"{JWT}..", "***"),
        (f"eyJ.{JWT}", "eyJ.***"),
        (f"a {JWT} b {JWT} c", "a *** b *** c"),
        ("eyJhbGciOi.", "***"),
    ],
)
def test_a_token_goes_wherever_it_stands(text: str, left: str) -> None:
    assert without_jwts(text, "***") == left


@pytest.mark.parametrize("text", ["", "eyJ", "eyJ.a", "eyJhbGciOiJSUzI1NiJ9", "a.b.c", "https://idp.example.org/a.b"])
def test_what_is_no_token_stays(text: str) -> None:
    assert without_jwts(text, "***") == text


@pytest.mark.parametrize("text", ["eyJ" * 130_000, "eyJ." * 100_000, "." * 400_000, "eyJaaaaaa " * 40_000])
def test_h1_a_long_text_is_read_once(text: str) -> None:
    """Ten minutes and more, if the end of a token were looked for at each of its beginnings."""
    reader = multiprocessing.get_context("spawn").Process(target=without_jwts, args=(text, "***"))
    reader.start()
    reader.join(60)
    late = reader.is_alive()
    reader.kill()
    reader.join()
    assert not late
    assert reader.exitcode == 0
