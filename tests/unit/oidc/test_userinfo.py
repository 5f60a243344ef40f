"""UserInfo: taken for the same person only, and never a reason to fail."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.oidc.fakes import METADATA, FakeHttp, answer

from headlamp.oidc.http import Answer
from headlamp.oidc.userinfo import ask_userinfo

ENDPOINT = str(METADATA.userinfo_endpoint)


async def test_claims_about_the_same_person_are_taken() -> None:
    http = FakeHttp({ENDPOINT: answer({"sub": "alice", "name": "Alice"})})
    claims = await ask_userinfo("at", subject="alice", metadata=METADATA, http=http)
    assert claims == {"sub": "alice", "name": "Alice"}
    assert http.sent == [(ENDPOINT, None, {"Authorization": "Bearer at"})]


@pytest.mark.parametrize(
    "given",
    [
        answer({"sub": "bob"}),
        answer({}),
        answer([]),
        answer({"sub": "alice"}, 403),
        Answer(200, "application/jwt", b"e30"),
    ],
)
async def test_a12_anything_else_is_ignored(given: Answer) -> None:
    assert await ask_userinfo("at", subject="alice", metadata=METADATA, http=FakeHttp({ENDPOINT: given})) == {}


async def test_a_provider_that_is_down_or_has_no_endpoint_does_no_harm() -> None:
    assert await ask_userinfo("at", subject="alice", metadata=METADATA, http=FakeHttp()) == {}
    http, none = FakeHttp(), msgspec.structs.replace(METADATA, userinfo_endpoint=None)
    assert await ask_userinfo("at", subject="alice", metadata=none, http=http) == {}
    assert http.sent == []
