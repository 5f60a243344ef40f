"""The token that a cluster is shown, held against what the settings say of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from headlamp.oidc.cluster_token import (
    ClusterTokenAudience,
    ClusterTokenIssuer,
    ClusterTokenUnfit,
    ClusterTokenUnverifiable,
    check_cluster_token,
    credential,
    named_key,
)
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule
from headlamp.oidc.tokens import Tokens, access_expiry

TENANT = "8f1c0d0e-0000-4000-8000-000000000001"
STS = f"https://sts.windows.net/{TENANT}/"
AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"
RULE = TokenRule(use_access_token=True, audience=AKS, issuer=STS)


def jwt(claims: Any, **header: Any) -> str:
    parts = (json.dumps({"alg": "RS256", **header}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + ".c2ln"


def unfit(token: str, rule: TokenRule) -> ClusterTokenUnfit:
    with pytest.raises(ClusterTokenUnfit) as caught:
        check_cluster_token(token, rule)
    return caught.value


@pytest.mark.parametrize("audience", [AKS, [AKS], ["another", AKS]])
def test_a_token_that_is_as_the_rule_says_passes(audience: object) -> None:
    check_cluster_token(jwt({"iss": STS, "aud": audience}), RULE)


@pytest.mark.parametrize("audience", ["another", ["another"], [], 7, None, {"a": AKS}])
def test_a_token_for_another_audience_is_named_with_what_was_found_and_expected(audience: object) -> None:
    problem = unfit(jwt({"iss": STS, "aud": audience}), RULE)
    assert isinstance(problem, ClusterTokenAudience)
    assert problem.code == "oidc.cluster_token_audience"
    assert problem.expected == AKS
    assert problem.found in ("another", "nobody")
    assert problem.found in problem.message
    assert "-oidc-validator-client-id" in problem.message
    assert "-oidc-scopes" in problem.remedy


def test_a_token_without_an_audience_is_for_nobody() -> None:
    assert unfit(jwt({"iss": STS, "client_id": AKS}), RULE).found == "nobody"


def test_a_token_of_another_issuer_is_named_with_what_was_found_and_expected() -> None:
    problem = unfit(jwt({"iss": STS.rstrip("/"), "aud": AKS}), RULE)
    assert isinstance(problem, ClusterTokenIssuer)
    assert (problem.expected, problem.found) == (STS, STS.rstrip("/"))
    assert "-oidc-validator-idp-issuer-url" in problem.remedy


@pytest.mark.parametrize("rule", [RULE, TokenRule(use_access_token=True)])
def test_graphs_token_is_refused_whatever_the_rule_names(rule: TokenRule) -> None:
    token = jwt({"iss": STS, "aud": "00000003-0000-0000-c000-000000000000"}, nonce="n")
    problem = unfit(token, rule)
    assert isinstance(problem, ClusterTokenUnverifiable)
    assert f"{AKS}/user.read" in problem.remedy
    assert "-oidc-scopes" in problem.remedy


def test_a_nonce_in_the_header_of_an_id_token_is_not_graphs() -> None:
    check_cluster_token(jwt({"iss": "x", "aud": "y"}, nonce="n"), ID_TOKEN)


@pytest.mark.parametrize(
    "token",
    ["opaque", "a.b", "a.b.c.d.e", "....", "!.!.!", jwt(["no object"]), jwt({}).replace(".", "", 1), "x" * 2_000_000],
)
def test_an_opaque_token_is_passed_on_unread(token: str) -> None:
    check_cluster_token(token, RULE)


def test_an_access_token_is_not_compared_with_anything_where_the_rule_names_nothing() -> None:
    check_cluster_token(jwt({"iss": "anybody", "aud": "anything"}), TokenRule(use_access_token=True))


def test_the_overrides_hold_for_the_id_token_too_when_that_is_what_clusters_get() -> None:
    problem = unfit(jwt({"iss": "https://idp.example.com", "aud": "headlamp"}), TokenRule(issuer=STS))
    assert "ID token" in problem.message
    assert "-oidc-use-access-token" in problem.remedy
    assert "ID token" in unfit(jwt({"aud": "headlamp"}), TokenRule(audience=AKS)).message


def test_claims_are_shown_short_and_without_tags() -> None:
    problem = unfit(jwt({"iss": "<script>" + "x" * 900, "aud": AKS}), RULE)
    assert "<" not in problem.message
    assert len(problem.found) <= 200


def test_the_rule_says_which_token_it_is() -> None:
    tokens = Tokens("id", "access", None, 1.0)
    assert credential(tokens, ID_TOKEN) == "id"
    assert credential(tokens, RULE) == "access"


def test_a_token_of_the_provider_with_a_named_key_is_one_that_can_be_verified() -> None:
    assert named_key(jwt({"iss": STS}, kid="k"), issuer=STS)
    assert not named_key(jwt({"iss": STS}), issuer=STS)
    assert not named_key(jwt({"iss": STS}, kid="k"), issuer="another")
    assert not named_key("opaque", issuer=STS)


@pytest.mark.parametrize(
    ("token", "expires_in", "ends"),
    [
        (jwt({"exp": 500}), 3600.0, 500.0),  # what it says itself counts
        (jwt({"exp": 500.5}), None, 500.5),
        (jwt({}), 3600.0, 4600.0),
        ("opaque", 3600.0, 4600.0),
        ("opaque", None, None),
        (jwt({"exp": "soon"}), 60.0, 1060.0),
        (jwt({"exp": True}), 60.0, 1060.0),
        (jwt({"exp": 10**400}), 60.0, 1060.0),
    ],
)
def test_an_access_token_ends_when_it_says_so_or_else_when_the_provider_does(
    token: str, expires_in: float | None, ends: float | None
) -> None:
    assert access_expiry(token, expires_in=expires_in, now=1000.0) == ends
