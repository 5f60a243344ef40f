"""How long tokens last, and when they are renewed."""

from __future__ import annotations

import pytest
from tests.unit.sessions.fakes import START, make_sign_in, make_tokens

from headlamp.oidc.tokens import Tokens
from headlamp.sessions.lifetimes import Kind, expiry, is_newer, is_usable, renewal_due_at
from headlamp.sessions.record import Login

HOUR = 3600.0


def login_with(*, ends: float = START + HOUR, access_ends: float | None = None, refused: bool = False) -> Login:
    tokens = Tokens("id", "access", "refresh", ends, access_ends)
    made = Login.from_sign_in(make_sign_in(tokens=tokens), id="x", now=START)
    return Login(**{name: getattr(made, name) for name in made.__struct_fields__ if name != "refused"}, refused=refused)


@pytest.mark.parametrize(
    ("lifetime", "due"),
    [
        (3600, 2700),  # 75 %
        (300, 225),  # 75 %
        (200, 140),  # 60 s before the end
        (120, 60),
        (60, 30),  # half: 60 s before the end would be at once
        (0, 0),
    ],
)
def test_renewal_is_due_at_three_quarters_or_a_minute_before_the_end(lifetime: float, due: float) -> None:
    login = Login.from_sign_in(make_sign_in(tokens=make_tokens(expires_at=START + lifetime)), id="x", now=START)
    assert renewal_due_at(login) == START + due


@pytest.mark.parametrize("lifetime", [4.0, 60.0, 119.0, 121.0, 200.0, 300.0, 3600.0, 86400.0])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_session_takes_its_turn_before_the_latest_moment_and_not_before_half(lifetime: float, share: float) -> None:
    login = login_with(ends=START + lifetime)
    latest = renewal_due_at(login)
    assert START + lifetime / 2 <= renewal_due_at(login, share=share) <= latest
    assert renewal_due_at(login, share=share) >= latest - lifetime / 10


def test_sessions_that_began_together_are_renewed_one_after_another() -> None:
    login = login_with(ends=START + 300)
    moments = [renewal_due_at(login, share=number / 10_000) for number in range(10_000)]
    in_one_second = max(sum(1 for moment in moments if 0 <= moment - begin < 1) for begin in moments[::100])
    assert in_one_second <= 340


def test_each_kind_of_token_has_its_own_end() -> None:
    login = login_with(access_ends=START + 300)
    assert expiry(login, Kind.ID) == START + HOUR
    assert expiry(login, Kind.ACCESS) == START + 300
    assert renewal_due_at(login, Kind.ACCESS) == START + 225
    assert is_usable(login, Kind.ID, START + 300)
    assert is_usable(login, Kind.ACCESS, START + 294)
    assert not is_usable(login, Kind.ACCESS, START + 296)


def test_an_access_token_of_unknown_life_is_used_and_renewed_like_one_of_an_hour() -> None:
    login = login_with(ends=START + 300, access_ends=None)
    assert expiry(login, Kind.ACCESS) is None
    assert is_usable(login, Kind.ACCESS, START + 10 * HOUR)
    assert renewal_due_at(login, Kind.ACCESS) == START + 2700


def test_an_access_token_of_unknown_life_ends_with_the_id_token_once_renewal_is_refused() -> None:
    login = login_with(ends=START + 300, access_ends=None, refused=True)
    assert expiry(login, Kind.ACCESS) == START + 300
    assert not is_usable(login, Kind.ACCESS, START + 300)


def test_a_renewal_is_of_use_for_the_tokens_that_it_brings() -> None:
    older, newer = login_with(access_ends=START + 300), login_with(access_ends=START + 600)
    assert is_newer(newer, older, Kind.ACCESS, START + 200)
    assert not is_newer(newer, older, Kind.ID, START + 200)
    assert not is_newer(newer, older, Kind.ACCESS, START + 700)
    unknown = login_with(access_ends=None)
    assert is_newer(unknown, older, Kind.ACCESS, START + 200)


def test_the_two_tokens_of_a_sign_in_are_known_by_different_names() -> None:
    assert Kind.ID.credential_id("x") == "x"
    assert Kind.ACCESS.credential_id("x") != "x"
