"""UserInfo: taken for the same person only, and never a reason to fail."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.adversarial.signing import ec_key, rsa_key, sign
from tests.unit.oidc.desk import Desk
from tests.unit.oidc.fakes import ISSUER, METADATA, FakeHttp, answer

from headlamp.oidc.http import Answer
from headlamp.oidc.userinfo import ask_userinfo

ENDPOINT = str(METADATA.userinfo_endpoint)


async def nobody(_: str) -> dict[str, Any]:
    raise AssertionError("nothing was signed")


async def ask(http: FakeHttp, **options: Any) -> dict[str, Any]:
    given = {"subject": "alice", "metadata": METADATA, "http": http, "verify": nobody, **options}
    return await ask_userinfo("at", **given)


async def test_claims_about_the_same_person_are_taken() -> None:
    http = FakeHttp({ENDPOINT: answer({"sub": "alice", "name": "Alice"})})
    assert await ask(http) == {"sub": "alice", "name": "Alice"}
    assert http.sent == [(ENDPOINT, None, {"Authorization": "Bearer at"})]


@pytest.mark.parametrize(
    "given",
    [answer({"sub": "bob"}), answer({}), answer([]), answer({"sub": "alice"}, 403), Answer(200, "text/html", b"<p>")],
)
async def test_a12_anything_else_is_ignored(given: Answer) -> None:
    assert await ask(FakeHttp({ENDPOINT: given})) == {}


async def test_a_provider_that_is_down_or_has_no_endpoint_does_no_harm() -> None:
    assert await ask(FakeHttp()) == {}
    http = FakeHttp()
    assert await ask(http, metadata=msgspec.structs.replace(METADATA, userinfo_endpoint=None)) == {}
    assert http.sent == []


async def signed_in_with(body: bytes, kind: str = "application/jwt") -> dict[str, Any]:
    """What a whole sign-in takes from a UserInfo answer."""
    desk = Desk(metadata={"userinfo_endpoint": ENDPOINT})
    desk.http.answers[ENDPOINT] = Answer(200, kind, body)
    return (await desk.sign_in()).userinfo


SIGNED: dict[str, Any] = {"sub": "alice", "name": "Alice"}


@pytest.mark.parametrize("more", [{}, {"iss": ISSUER}, {"aud": "headlamp"}, {"aud": ["x", "headlamp"]}, {"exp": 9e9}])
async def test_a_signed_answer_is_verified_and_taken(more: dict[str, Any]) -> None:
    claims = {**SIGNED, **more}
    assert await signed_in_with(sign(claims, rsa_key()).encode() + b"\n", "application/JWT") == claims


@pytest.mark.parametrize(
    "token",
    [
        sign(SIGNED, rsa_key("unpublished")),
        sign(SIGNED, rsa_key(), "none"),
        sign(SIGNED, rsa_key(), "HS256/pem"),
        sign(SIGNED, ec_key(), "ES256"),
        sign({**SIGNED, "iss": "https://evil.example"}, rsa_key()),
        sign({**SIGNED, "aud": "another"}, rsa_key()),
        sign({**SIGNED, "aud": 7}, rsa_key()),
        sign({**SIGNED, "exp": 1}, rsa_key()),
        sign({**SIGNED, "exp": "never"}, rsa_key()),
        sign({**SIGNED, "exp": True}, rsa_key()),
        sign({**SIGNED, "exp": 10**400}, rsa_key()),
        sign({**SIGNED, "exp": None}, rsa_key()),
        sign({**SIGNED, "sub": "bob"}, rsa_key()),
        sign({"name": "Alice"}, rsa_key()),
        "a.b.c.d.e",
        "opaque",
        "\u00e9",
    ],
)
async def test_a12_a_signed_answer_that_is_not_to_be_believed_is_ignored(token: str) -> None:
    assert await signed_in_with(token.encode()) == {}


async def test_a_signature_is_not_left_out_by_calling_the_answer_something_else() -> None:
    assert await signed_in_with(sign(SIGNED, rsa_key("unpublished")).encode(), "application/json") == {}


async def test_f6_claims_that_are_elsewhere_are_not_fetched() -> None:
    elsewhere = {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://graph.example/users/alice/getMemberObjects"}},
    }
    desk = Desk(metadata={"userinfo_endpoint": ENDPOINT}, id_claims=elsewhere)
    desk.http.answers[ENDPOINT] = answer({"sub": "alice", **elsewhere})
    signed_in = await desk.sign_in()
    assert signed_in.claims["_claim_names"] == {"groups": "src1"}
    assert not [url for url, _, _ in desk.http.sent if "graph.example" in url]
