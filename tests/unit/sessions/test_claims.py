"""Claims as sessions keep them: what comes back is what came, whatever a provider or a pasted token says."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import msgspec
import pytest
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in

from headlamp.oidc.tokens import SignIn
from headlamp.sessions.claims import unverified_claims
from headlamp.sessions.errors import BadPastedToken
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.pasted import pasted_token

UNUSUAL: dict[str, Any] = {
    "sub": "alice",
    "employee_number": 2**70,
    "negative": -(2**70),
    "ratio": 0.25,
    "name": "Zoë 🦊",
    "address": {"country": "CH", "lines": ["a", None, True]},
    "groups": ["developers"],
}


def sign_in_with(claims: dict[str, Any], userinfo: dict[str, Any]) -> SignIn:
    return msgspec.structs.replace(make_sign_in(), claims=claims, userinfo=userinfo)


async def test_claims_of_any_kind_come_back_as_they_came_after_a_restart_too(
    clock: Clock, provider: FakeProvider
) -> None:
    store = MemoryStore()
    cookie, session = await make_sessions(store, clock, provider).create(sign_in_with(UNUSUAL, {}))
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    for found in (session, restarted):
        assert found.logins["default"].claims == UNUSUAL
        assert found.who == UNUSUAL


async def test_of_userinfo_only_what_the_id_token_lacks_is_kept_and_shown(clock: Clock, provider: FakeProvider) -> None:
    userinfo = {"sub": "alice", "name": "another", "email": "alice@example.org", "number": 2**80}
    _, session = await make_sessions(MemoryStore(), clock, provider).create(
        sign_in_with({"sub": "alice", "name": "Alice"}, userinfo)
    )
    login = session.logins["default"]
    assert login.display_claims == {
        "sub": "alice",
        "name": "Alice",
        "email": "alice@example.org",
        "number": 2**80,
    }
    assert b"another" not in login.packed_userinfo


def jwt(claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2lnbmF0dXJl"])


def test_a_pasted_tokens_claims_are_read_from_it() -> None:
    assert pasted_token(jwt(UNUSUAL), id="1", now=START).claims == UNUSUAL


@pytest.mark.parametrize(
    "token", ["opaque", "a.b", "a.b.c", "a.!.c", jwt(["a list"]), jwt("a text"), f"a.{'W10' * 3}.c", "..", jwt(None)]
)
def test_what_is_no_jwt_claims_nothing(token: str) -> None:
    assert unverified_claims(token) == {}


def test_h1_a_pasted_token_that_nests_deeply_claims_nothing() -> None:
    payload = base64.urlsafe_b64encode(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}").decode().rstrip("=")
    assert unverified_claims(f"e30.{payload}.c2ln") == {}


def test_h1_a_pasted_token_may_end_at_any_time_that_a_number_can_name() -> None:
    assert pasted_token(jwt({"exp": 10**400}), id="1", now=START).expires_at == math.inf
    assert pasted_token(jwt({"exp": True}), id="1", now=START).expires_at is None
    with pytest.raises(BadPastedToken):
        pasted_token(jwt({"exp": -(10**400)}), id="1", now=START)
