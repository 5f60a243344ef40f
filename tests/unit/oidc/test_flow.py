"""The authorization request and the answer's parameters."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from tests.unit.oidc.fakes import CONFIG, METADATA

from headlamp.oidc.errors import SignInExpired
from headlamp.oidc.flow import authorization_url, check_transaction
from headlamp.oidc.pkce import challenge
from headlamp.oidc.transaction import Transaction, new_transaction

NOW = 1_764_000_000.0


def make_transaction() -> Transaction:
    return new_transaction(
        provider_id="main",
        redirect_uri="https://ui.example.com/oidc-callback",
        return_to="/",
        cluster="",
        now=NOW,
        random=secrets.token_bytes,
    )


def test_the_authorization_request_has_what_the_flow_needs() -> None:
    transaction = make_transaction()
    config = replace(CONFIG, scopes=("profile", "groups", "openid"))
    url = authorization_url(transaction, config=config, metadata=METADATA, extra={"login_hint": "alice"})
    assert url.startswith("https://idp.example.com/authorize?")
    assert {k: v for k, (v,) in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "headlamp",
        "redirect_uri": "https://ui.example.com/oidc-callback",
        "scope": "openid profile groups",
        "state": transaction.state,
        "nonce": transaction.nonce,
        "code_challenge": challenge(transaction.verifier),
        "code_challenge_method": "S256",
        "login_hint": "alice",
    }
    assert transaction.verifier not in url


def test_a_query_of_the_providers_own_is_kept() -> None:
    metadata = msgspec.structs.replace(METADATA, authorization_endpoint="https://idp.example.com/authorize?p=b2c_1")
    url = authorization_url(make_transaction(), config=CONFIG, metadata=metadata, extra={})
    assert parse_qs(urlsplit(url).query)["p"] == ["b2c_1"]


@pytest.mark.parametrize("name", ["state", "nonce", "client_id", "code_challenge", "request_uri", "response_mode"])
def test_a2_nobody_else_sets_what_is_ours(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        authorization_url(make_transaction(), config=CONFIG, metadata=METADATA, extra={name: "x"})


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge_method", "request", "claims"])
def test_a2_no_configuration_sets_what_protects_the_flow(name: str) -> None:
    config = replace(CONFIG, auth_params=((name, "x"),))
    with pytest.raises(ValueError, match=name):
        authorization_url(make_transaction(), config=config, metadata=METADATA, extra={})


def asked(extra: dict[str, str], **config: Any) -> dict[str, list[str]]:
    url = authorization_url(make_transaction(), config=replace(CONFIG, **config), metadata=METADATA, extra=extra)
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def test_what_the_configuration_asks_for_is_in_every_request() -> None:
    params = asked({}, auth_params=(("kc_idp_hint", "git&hub"),), max_age=0, acr_values=("mfa", "pwd"))
    assert params["kc_idp_hint"] == ["git&hub"]
    assert params["max_age"] == ["0"]
    assert params["acr_values"] == ["mfa pwd"]
    assert asked({}).keys().isdisjoint({"prompt", "max_age", "login_hint", "acr_values"})


def test_a_login_hint_of_the_request_is_the_better_one() -> None:
    assert asked({"login_hint": "alice"}, auth_params=(("login_hint", "@example.com"),))["login_hint"] == ["alice"]


def test_a_request_does_not_loosen_what_the_administrator_asks_of_people() -> None:
    wanted = {"prompt": "none", "max_age": "99999", "acr_values": "0"}
    params = asked(wanted, auth_params=(("prompt", "login"),), max_age=60, acr_values=("mfa",))
    assert (params["prompt"], params["max_age"], params["acr_values"]) == (["login"], ["60"], ["mfa"])
    assert asked({"prompt": "select_account"})["prompt"] == ["select_account"]


@pytest.mark.parametrize(("age", "good"), [(-61, False), (-30, True), (0, True), (600, True), (602, False)])
def test_a_transaction_lives_for_ten_minutes(age: float, good: bool) -> None:
    transaction = make_transaction()
    params = {"state": transaction.state}
    if good:
        check_transaction(transaction, params, provider_id="main", now=NOW + age)
    else:
        with pytest.raises(SignInExpired):
            check_transaction(transaction, params, provider_id="main", now=NOW + age)
