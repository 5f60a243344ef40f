"""Clusters that are shown the access token, and clusters that are shown the ID token, in one session."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sign_in

from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.oidc.cluster_token import ClusterTokenAudience, ClusterTokenUnverifiable
from headlamp.oidc.errors import RefreshRefused
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule
from headlamp.oidc.tokens import Tokens
from headlamp.sessions.errors import SignInAgain
from headlamp.sessions.manager import ActiveSession, Sessions

ACCESS = TokenRule(use_access_token=True)


def tokens(number: int, *, id_ends: float, access_ends: float | None, refresh: str | None = "refresh") -> Tokens:
    return Tokens(f"id-{number}", f"access-{number}", refresh, id_ends, access_ends)


class TwoTokenProvider(FakeProvider):
    """Renews the access token for five minutes, and the ID token only if `with_id_token`."""

    with_id_token = False

    async def refresh(self, tokens: Tokens, *, subject: str, claims: Any) -> Tokens:
        renewed = await super().refresh(tokens, subject=subject, claims=claims)
        number = len(self.calls) + 1
        if self.with_id_token:
            return Tokens(f"id-{number}", f"access-{number}", "refresh", renewed.expires_at, renewed.expires_at)
        return Tokens(tokens.id_token, f"access-{number}", "refresh", tokens.expires_at, renewed.expires_at)


@pytest.fixture
def provider(clock: Clock) -> TwoTokenProvider:
    return TwoTokenProvider(clock)


def source(session: ActiveSession, rule: TokenRule = ID_TOKEN) -> CredentialSource:
    found = session.credential_source("any", "default", rule)
    assert found is not None
    return found


async def shown(session: ActiveSession, rule: TokenRule = ID_TOKEN) -> str:
    bearer = await source(session, rule).current()
    assert isinstance(bearer, Bearer)
    return bearer.token


def jwt(claims: dict[str, Any], **header: Any) -> str:
    parts = (json.dumps({"alg": "RS256", **header}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + ".c2ln"


async def test_the_rule_says_which_token_a_cluster_is_shown(sessions: Sessions) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 3600, access_ends=START + 300)))
    assert await shown(session) == "id-1"
    assert await shown(session, ACCESS) == "access-1"
    bearer = await source(session, ACCESS).current()
    assert bearer is not None
    assert bearer.expires_at == START + 300


async def test_clusters_that_are_shown_different_tokens_share_nothing_they_read(sessions: Sessions) -> None:
    _, session = await sessions.create(make_sign_in())
    assert source(session).identity != source(session, ACCESS).identity
    assert source(session, ACCESS).identity == source(session, TokenRule(True, audience="x")).identity


async def test_an_access_token_is_renewed_by_its_own_end(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 3600, access_ends=START + 300)))
    assert await shown(session, ACCESS) == "access-1"
    clock.advance(226)
    await sessions.tick()
    await session._renewals.settle(session)
    assert len(provider.calls) == 1
    assert await shown(session, ACCESS) == "access-2"


async def test_the_end_of_an_access_token_that_no_cluster_is_shown_does_not_matter(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 3600, access_ends=START + 300)))
    for _ in range(30):
        clock.advance(20)
        assert await shown(session) == "id-1"
        await sessions.tick()
    assert provider.calls == []


async def test_an_expired_access_token_is_never_handed_out(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(
        make_sign_in(tokens=tokens(1, id_ends=START + 3600, access_ends=START + 300, refresh=None))
    )
    clock.advance(301)
    with pytest.raises(SignInAgain) as caught:
        await shown(session, ACCESS)
    assert "offline_access" in caught.value.remedy
    assert await shown(session) == "id-1"


async def test_the_access_token_goes_on_when_renewals_bring_no_id_token(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 300, access_ends=START + 300)))
    for _ in range(120):
        await shown(session, ACCESS)
        clock.advance(30)
        await sessions.tick()
        await session._renewals.settle(session)
    assert session.record.logins["default"].tokens.expires_at == START + 300
    assert 12 <= len(provider.calls) <= 20
    with pytest.raises(SignInAgain):
        await shown(session)


async def test_a_session_with_both_kinds_does_not_flood_a_provider_that_renews_one_of_them(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 300, access_ends=START + 300)))
    await shown(session)
    for _ in range(720):
        await shown(session, ACCESS)
        clock.advance(5)
        await sessions.tick()
        await session._renewals.settle(session)
    assert len(provider.calls) < 45


async def test_what_hangs_on_the_id_token_ends_without_what_hangs_on_the_access_token(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(
        make_sign_in(tokens=tokens(1, id_ends=START + 300, access_ends=START + 3600, refresh=None))
    )
    by_id, by_access = source(session), source(session, ACCESS)
    clock.advance(301)
    await sessions.tick()
    assert by_id.ended.is_set()
    assert not by_access.ended.is_set()
    clock.advance(3300)
    await sessions.tick()
    assert by_access.ended.is_set()


async def test_a_sign_in_whose_renewal_is_refused_lasts_as_long_as_each_of_its_tokens(
    sessions: Sessions, provider: TwoTokenProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=tokens(1, id_ends=START + 300, access_ends=START + 900)))
    provider.outcome = RefreshRefused("no")
    by_id, by_access = source(session), source(session, ACCESS)
    await by_id.current()
    clock.advance(301)
    with pytest.raises(SignInAgain):
        await by_id.current()
    await sessions.tick()
    assert by_id.ended.is_set()
    assert not by_access.ended.is_set()
    assert await shown(session, ACCESS) == "access-1"


async def test_a_token_that_does_not_fit_a_clusters_own_rule_is_not_sent(sessions: Sessions) -> None:
    made = Tokens(jwt({"aud": "headlamp"}), jwt({"aud": "kubernetes"}), None, START + 300, START + 300)
    _, session = await sessions.create(make_sign_in(tokens=made))
    assert await shown(session, TokenRule(True, audience="kubernetes")) == made.access_token
    for _ in range(2):
        with pytest.raises(ClusterTokenAudience):
            await shown(session, TokenRule(True, audience="other"))
    assert await shown(session) == made.id_token


async def test_a_renewed_token_is_looked_at_anew(sessions: Sessions, provider: TwoTokenProvider, clock: Clock) -> None:
    made = Tokens("id", jwt({"aud": "graph"}, nonce="n"), "refresh", START + 3600, START + 300)
    _, session = await sessions.create(make_sign_in(tokens=made))
    with pytest.raises(ClusterTokenUnverifiable):
        await shown(session, ACCESS)
    clock.advance(301)
    assert await shown(session, ACCESS) == "access-2"
