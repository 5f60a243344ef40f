"""The address at which a provider ends its own session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from tests.unit.oidc.fakes import CONFIG, ISSUER, METADATA

from headlamp.oidc.logout import LONGEST_URL, end_session_url

ENDPOINT = f"{ISSUER}/end"
URI = "https://ui.example.com/signed-out"


def url(*, endpoint: str | None = ENDPOINT, hint: bool = False, id_token: str = "a.b.c", **claims: Any) -> str | None:
    return end_session_url(
        replace(CONFIG, send_id_token_hint=hint),
        msgspec.structs.replace(METADATA, end_session_endpoint=endpoint),
        post_logout_redirect_uri=URI,
        state="state",
        id_token=id_token,
        claims=claims,
    )


def query(address: str | None) -> dict[str, str]:
    assert address is not None
    return dict(parse_qsl(urlsplit(address).query))


def test_i1_without_an_endpoint_there_is_no_address() -> None:
    assert url(endpoint=None) is None


def test_i1_the_client_the_way_back_and_the_state_are_named() -> None:
    address = url(sub="alice", sid="s-1", preferred_username="alice", email="alice@example.com")
    assert address is not None
    assert address.startswith(f"{ENDPOINT}?")
    assert query(address) == {"client_id": "headlamp", "post_logout_redirect_uri": URI, "state": "state"}


def test_i1_the_query_of_the_endpoint_stays_in_front() -> None:
    address = url(endpoint=f"{ENDPOINT}?p=b2c_1&x=%26")
    assert address is not None
    assert address.startswith(f"{ENDPOINT}?p=b2c_1&x=%26&client_id=headlamp&")


@pytest.mark.parametrize("claim", [None, "", 1, ["x"], {"x": 1}, "x" * 600])
def test_i1_a_login_hint_that_makes_no_sense_is_left_out(claim: object) -> None:
    assert "logout_hint" not in query(url(login_hint=claim))


def test_i1_a_login_hint_is_the_logout_hint() -> None:
    assert query(url(login_hint="O.Ci &Q="))["logout_hint"] == "O.Ci &Q="


def test_i1_the_hint_goes_along_for_as_long_as_the_whole_address_is_short() -> None:
    empty = url(hint=True, id_token="")
    assert empty is not None
    room = LONGEST_URL - len(empty)
    longest = url(hint=True, id_token="x" * room)
    assert longest is not None
    assert (len(longest), query(longest)["id_token_hint"]) == (LONGEST_URL, "x" * room)
    assert "id_token_hint" not in query(url(hint=True, id_token="x" * (room + 1)))


def test_i1_nobody_gets_the_id_token_without_the_setting() -> None:
    assert "id_token_hint" not in query(url(hint=False))
