"""The rule for the cluster's token at sign-in and at refresh; the ID token is verified in either case."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.signing import SigningKey, ec_key, rsa_key, sign
from tests.unit.oidc.desk import Desk
from tests.unit.oidc.fakes import ISSUER

from headlamp.oidc.cluster_token import (
    ClusterTokenAudience,
    ClusterTokenIssuer,
    ClusterTokenSignature,
    ClusterTokenUnverifiable,
)
from headlamp.oidc.errors import UntrustedAudience, WrongAudience, WrongIssuer
from headlamp.oidc.token_rule import TokenRule

STS = "https://sts.windows.net/8f1c0d0e-0000-4000-8000-000000000001/"
ENTRA = TokenRule(use_access_token=True, audience="aks", issuer=STS)


def entra(**claims: Any) -> str:
    return sign({"iss": STS, "aud": "aks", "exp": 9e9, **claims}, rsa_key("another's"))


async def test_an_access_token_of_another_issuer_fits_its_rule_and_the_id_token_stays_the_proof() -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": entra()})
    signed_in = await desk.sign_in()
    assert signed_in.issuer == ISSUER
    assert signed_in.tokens.access_token == desk.answers["access_token"]
    assert signed_in.tokens.access_expires_at == 9e9


@pytest.mark.parametrize(
    ("claims", "problem"),
    [({"iss": ISSUER}, ClusterTokenIssuer), ({"aud": "another"}, ClusterTokenAudience)],
)
async def test_an_access_token_that_does_not_fit_fails_the_sign_in(claims: Any, problem: type[Exception]) -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": entra(**claims)})
    with pytest.raises(problem):
        await desk.sign_in()


async def test_graphs_token_fails_the_sign_in_with_its_own_words() -> None:
    token = sign({"iss": STS, "aud": "graph"}, rsa_key(), header={"nonce": "n"})
    desk = Desk(config={"token_rule": TokenRule(use_access_token=True)}, answers={"access_token": token})
    with pytest.raises(ClusterTokenUnverifiable):
        await desk.sign_in()


async def test_graphs_token_does_not_matter_where_clusters_get_the_id_token() -> None:
    token = sign({"iss": STS, "aud": "graph"}, rsa_key(), header={"nonce": "n"})
    assert (await Desk(answers={"access_token": token}).sign_in()).subject == "alice"


async def test_an_opaque_access_token_is_passed_on_unread() -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": "opaque", "expires_in": 60})
    assert (await desk.sign_in()).tokens.access_expires_at == desk.now + 60


@pytest.mark.parametrize("claims", [{"iss": STS}, {"aud": "aks"}])
async def test_the_overrides_never_loosen_the_verification_of_the_id_token(claims: Any) -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": entra()}, id_claims=claims)
    with pytest.raises((WrongIssuer, WrongAudience)):
        await desk.sign_in()


async def test_an_override_of_the_issuer_with_the_id_token_is_refused_and_explained() -> None:
    with pytest.raises(ClusterTokenIssuer) as caught:
        await Desk(config={"token_rule": TokenRule(issuer=STS)}).sign_in()
    assert "-oidc-use-access-token" in caught.value.remedy


async def test_an_audience_that_clusters_expect_may_stand_beside_ours_in_the_id_token() -> None:
    claims = {"aud": ["headlamp", "kubernetes"], "azp": "headlamp"}
    assert (
        await Desk(config={"token_rule": TokenRule(audience="kubernetes")}, id_claims=claims).sign_in()
    ).subject == "alice"
    with pytest.raises(UntrustedAudience):
        await Desk(id_claims=claims).sign_in()
    with pytest.raises(UntrustedAudience):
        await Desk(config={"token_rule": TokenRule(True, audience="kubernetes")}, id_claims=claims).sign_in()
    with pytest.raises(ClusterTokenAudience):
        await Desk(config={"token_rule": TokenRule(audience="kubernetes")}).sign_in()


async def test_a5_trusted_audiences_may_stand_beside_ours() -> None:
    claims = {"aud": ["headlamp", "kubectl"], "azp": "headlamp"}
    assert (
        await Desk(config={"trusted_audiences": frozenset({"kubectl"})}, id_claims=claims).sign_in()
    ).subject == "alice"
    with pytest.raises(UntrustedAudience):
        await Desk(config={"trusted_audiences": frozenset({"other"})}, id_claims=claims).sign_in()


async def test_the_rule_of_the_cluster_that_the_sign_in_is_for_comes_before_the_providers() -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": "opaque"})
    with pytest.raises(ClusterTokenAudience):
        await desk.sign_in(TokenRule(audience="kubernetes"))


async def test_an_access_token_that_names_a_key_of_the_provider_must_be_signed_with_it() -> None:
    rule = TokenRule(use_access_token=True)
    desk = Desk(config={"token_rule": rule})
    desk.answers["access_token"] = desk.access_token(header={"typ": "at+jwt"})
    assert (await desk.sign_in()).subject == "alice"
    forged = Desk(config={"token_rule": rule})
    forger = SigningKey(rsa_key().kid, rsa_key("forger").private)
    forged.answers["access_token"] = sign({"iss": ISSUER, "aud": "kubernetes"}, forger)
    with pytest.raises(ClusterTokenSignature):
        await forged.sign_in()


@pytest.mark.parametrize("header", [{"kid": "unpublished"}, {"kid": None}, {"alg": "HS512"}, {"crit": ["x"]}])
async def test_an_access_token_that_we_cannot_verify_is_for_the_cluster_to_verify(header: Any) -> None:
    desk = Desk(config={"token_rule": TokenRule(use_access_token=True)})
    desk.answers["access_token"] = sign({"iss": ISSUER, "aud": "x"}, ec_key(), "ES256", header=header)
    assert (await desk.sign_in()).subject == "alice"


async def test_a_refreshed_access_token_that_no_longer_fits_leaves_the_old_one_and_ends_nothing() -> None:
    desk = Desk(config={"token_rule": ENTRA}, answers={"access_token": entra()})
    signed_in = await desk.sign_in()
    desk.clock.seconds += 100
    desk.answers = {"access_token": entra(aud="another", exp=9e9 + 100), "refresh_token": "next"}
    tokens = await desk.refresh(signed_in)
    assert (tokens.access_token, tokens.access_expires_at) == (signed_in.tokens.access_token, 9e9)
    assert (tokens.refresh_token, tokens.expires_at) == ("next", desk.now + 300)
    desk.answers = {"access_token": entra(exp=9e9 + 100)}
    assert (await desk.refresh(signed_in)).access_expires_at == 9e9 + 100


async def test_a_refreshed_id_token_that_does_not_fit_a_new_rule_leaves_the_old_one_and_ends_nothing() -> None:
    signed_in = await Desk().sign_in()
    restarted = Desk(config={"token_rule": TokenRule(audience="kubernetes")})
    restarted.clock.seconds += 100
    tokens = await restarted.refresh(signed_in)
    assert (tokens.id_token, tokens.expires_at) == (signed_in.tokens.id_token, signed_in.tokens.expires_at)


async def test_a_refresh_without_an_id_token_brings_the_access_token_and_its_end() -> None:
    desk = Desk(answers={"expires_in": 300})
    signed_in = await desk.sign_in()
    desk.clock.seconds += 250
    desk.answers = {"access_token": "newer", "id_token": None, "expires_in": 300}
    tokens = await desk.refresh(signed_in)
    assert (tokens.access_token, tokens.access_expires_at) == ("newer", desk.now + 300)
    assert (tokens.id_token, tokens.expires_at) == (signed_in.tokens.id_token, signed_in.tokens.expires_at)
