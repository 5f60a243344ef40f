"""`max_age` and `acr_values`: asked for in the request, and held against the ID token of that sign-in."""

from __future__ import annotations

import pytest
from tests.unit.oidc.desk import REDIRECT_URI, Desk

from headlamp.oidc.errors import AuthenticationTooOld, MissingClaim, TokenNotYetValid, WrongAuthenticationContext


async def test_a_sign_in_is_recent_counted_from_its_request() -> None:
    desk = Desk(config={"max_age": 300})
    desk.id_claims = {"auth_time": desk.now - 300}
    assert (await desk.sign_in()).subject == "alice"
    desk = Desk(config={"max_age": 300})
    desk.id_claims = {"auth_time": desk.now - 3600}
    with pytest.raises(AuthenticationTooOld):
        await desk.sign_in()


async def test_somebody_who_takes_long_to_come_back_is_not_told_to_prove_themselves_once_more() -> None:
    desk = Desk(config={"max_age": 0})
    _, transaction = await desk.provider.begin(redirect_uri=REDIRECT_URI, return_to="/", cluster="")
    desk.id_claims = {"auth_time": desk.now + 30}
    desk.clock.seconds += 500
    desk.nonce = transaction.nonce
    desk.answer_tokens()
    assert await desk.provider.finish(transaction, {"code": "c", "state": transaction.state}) is not None


async def test_a_provider_that_does_not_say_when_it_saw_the_person_is_not_believed() -> None:
    with pytest.raises(MissingClaim, match="auth_time"):
        await Desk(config={"max_age": 300}).sign_in()


async def test_a_class_of_authentication_that_was_not_asked_for_is_refused() -> None:
    assert (await Desk(config={"acr_values": ("mfa",)}, id_claims={"acr": "mfa"}).sign_in()).subject == "alice"
    with pytest.raises(WrongAuthenticationContext):
        await Desk(config={"acr_values": ("mfa",)}, id_claims={"acr": "pwd"}).sign_in()
    with pytest.raises(MissingClaim, match="acr"):
        await Desk(config={"acr_values": ("mfa",)}).sign_in()


async def test_renewals_are_not_held_to_what_a_sign_in_was_asked_for() -> None:
    desk = Desk(config={"max_age": 300, "acr_values": ("mfa",)})
    desk.id_claims = {"auth_time": desk.now, "acr": "mfa"}
    signed_in = await desk.sign_in()
    desk.clock.seconds += 3600
    desk.id_claims = {}
    assert (await desk.refresh(signed_in)).expires_at == desk.now + 300


async def test_a_time_of_authentication_that_lies_ahead_proves_nothing() -> None:
    desk = Desk(config={"max_age": 300})
    desk.id_claims = {"auth_time": desk.now * 1000}
    with pytest.raises(TokenNotYetValid, match="auth_time"):
        await desk.sign_in()
