"""The provider object: what it does when it is made, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oidc.fakes import CONFIG, ISSUER, Clock, FakeHttp, answer, discovery_document

from headlamp.oidc import Provider, Tokens
from headlamp.oidc.errors import ProviderUnavailable, RefreshRefused
from headlamp.oidc.metadata import discovery_url
from headlamp.oidc.transaction import Transaction


def test_making_one_asks_nobody() -> None:
    http = FakeHttp()
    Provider(CONFIG, http=http)
    assert http.sent == []


@pytest.mark.parametrize("alg", ["none", "HS256", "RS1"])
def test_a6_an_algorithm_that_proves_nothing_cannot_be_configured(alg: str) -> None:
    with pytest.raises(ValueError, match=alg):
        Provider(replace(CONFIG, signing_algs=frozenset({"RS256", alg})))


async def test_clock_and_randomness_are_those_handed_in() -> None:
    http = FakeHttp({discovery_url(ISSUER): answer(discovery_document())})
    provider = Provider(CONFIG, http=http, now=Clock(1000.0), random=lambda size: b"\0" * size)
    _, transaction = await provider.begin(redirect_uri="https://ui.example.com/cb", return_to="/x", cluster="c")
    assert transaction == Transaction(
        "main", "A" * 22, "A" * 22, "A" * 43, "https://ui.example.com/cb", "/x", "c", 1000
    )


async def test_beginning_while_the_provider_is_down_is_an_error_that_may_pass() -> None:
    with pytest.raises(ProviderUnavailable):
        await Provider(CONFIG, http=FakeHttp()).begin(redirect_uri="x", return_to="/", cluster="")


async def test_closing_closes_the_connections() -> None:
    http = FakeHttp()
    await Provider(CONFIG, http=http).close()
    assert http.closed


@pytest.mark.parametrize(
    "claims", [{"iss": "https://earlier.example", "aud": "headlamp"}, {"iss": ISSUER, "aud": ["another", "client"]}]
)
async def test_a_refresh_token_goes_to_nobody_but_the_registration_that_gave_it(claims: dict[str, object]) -> None:
    http = FakeHttp({discovery_url(ISSUER): answer(discovery_document())})
    tokens = Tokens("id", "access", "refresh-of-earlier-settings", 0.0)
    with pytest.raises(RefreshRefused):
        await Provider(CONFIG, http=http).refresh(tokens, subject="alice", claims={"sub": "alice", **claims})
    assert http.sent == []
