"""Client authentication: which method, and how it is written."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.unit.oidc.fakes import CONFIG, METADATA

from headlamp.oidc.client_auth import authenticate, authenticated, choose_method
from headlamp.oidc.client_key import read_client_key
from headlamp.oidc.errors import UnsupportedClientAuth
from headlamp.oidc.metadata import Metadata

KEY = ECKey.import_key(ec.generate_private_key(ec.SECP256R1())).as_pem(private=True).decode()
WITH_KEY = replace(CONFIG, client_secret=None, client_key_pem=KEY, client_key_id="k1")


def metadata(**changes: Any) -> Metadata:
    return msgspec.structs.replace(METADATA, **changes)


def assertion(config: Any = WITH_KEY, given: Metadata = METADATA) -> tuple[dict[str, str], dict[str, Any]]:
    form, headers = authenticated(
        {"code": "c"}, config=config, metadata=given, now=lambda: 1000.9, random=lambda n: b"\0" * n
    )
    assert headers == {}
    return form, jwt.decode(form["client_assertion"], read_client_key(KEY).private, algorithms=["ES256"]).claims


@pytest.mark.parametrize(
    ("offered", "method"),
    [
        (None, "client_secret_basic"),
        (("client_secret_post", "client_secret_basic"), "client_secret_basic"),
        (("private_key_jwt", "client_secret_post"), "client_secret_post"),
    ],
)
def test_the_method_is_chosen_from_the_metadata(offered: tuple[str, ...] | None, method: str) -> None:
    assert choose_method(CONFIG, msgspec.structs.replace(METADATA, client_auth_methods=offered)) == method


def test_a_provider_that_offers_none_of_ours_is_an_error() -> None:
    with pytest.raises(UnsupportedClientAuth):
        choose_method(CONFIG, msgspec.structs.replace(METADATA, client_auth_methods=("tls_client_auth",)))


def test_what_is_configured_comes_before_the_metadata() -> None:
    assert choose_method(replace(CONFIG, client_auth="client_secret_post"), METADATA) == "client_secret_post"


def test_a_client_without_secret_sends_only_its_id() -> None:
    public = replace(CONFIG, client_secret=None)
    assert choose_method(public, METADATA) == "none"
    assert authenticate("none", public, {"code": "c"}) == ({"code": "c", "client_id": "headlamp"}, {})


def test_basic_credentials_are_form_urlencoded_first() -> None:
    config = replace(CONFIG, client_id="head:lamp", client_secret="p%w +ü")
    form, headers = authenticate("client_secret_basic", config, {"code": "c"})
    assert form == {"code": "c"}
    assert b64decode(headers["Authorization"].removeprefix("Basic ")) == b"head%3Alamp:p%25w+%2B%C3%BC"


def test_post_credentials_go_into_the_form() -> None:
    form, headers = authenticate("client_secret_post", CONFIG, {"code": "c"})
    assert form == {"code": "c", "client_id": "headlamp", "client_secret": "s3cret"}
    assert headers == {}


def test_a_method_that_we_do_not_have_is_an_error() -> None:
    with pytest.raises(UnsupportedClientAuth):
        authenticate("private_key_jwt", CONFIG, {})


def test_private_key_jwt_is_an_assertion_of_a_minute_about_ourselves_for_the_token_endpoint() -> None:
    form, claims = assertion()
    assert form["code"] == "c"
    assert form["client_id"] == "headlamp"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert claims == {
        "iss": "headlamp",
        "sub": "headlamp",
        "aud": METADATA.token_endpoint,
        "jti": "A" * 22,
        "iat": 1000,
        "exp": 1060,
    }


def test_no_assertion_is_like_another() -> None:
    made = [authenticated({}, config=WITH_KEY, metadata=METADATA)[0]["client_assertion"] for _ in range(2)]
    assert made[0] != made[1]


def test_an_assertion_can_be_for_the_issuer() -> None:
    _, claims = assertion(replace(WITH_KEY, client_assertion_audience="issuer"))
    assert claims["aud"] == METADATA.issuer


def test_the_secret_does_not_go_along_with_an_assertion() -> None:
    form, _ = assertion(replace(WITH_KEY, client_secret="s3cret"), metadata(client_auth_methods=("private_key_jwt",)))
    assert "s3cret" not in str(form)


@pytest.mark.parametrize(
    ("secret", "offered", "method"),
    [
        ("s", ("client_secret_basic", "private_key_jwt"), "private_key_jwt"),
        ("s", ("client_secret_post",), "client_secret_post"),
        ("s", None, "client_secret_basic"),
        (None, None, "private_key_jwt"),
        (None, ("client_secret_basic",), "private_key_jwt"),
    ],
)
def test_a_key_is_used_where_the_provider_offers_it_or_nothing_else_is_there(
    secret: str | None, offered: tuple[str, ...] | None, method: str
) -> None:
    config = replace(WITH_KEY, client_secret=secret)
    assert choose_method(config, metadata(client_auth_methods=offered)) == method


def test_the_revocation_endpoint_may_have_a_list_of_its_own() -> None:
    offered = metadata(client_auth_methods=("client_secret_basic",), revocation_auth_methods=("client_secret_post",))
    assert choose_method(CONFIG, offered) == "client_secret_basic"
    assert choose_method(CONFIG, offered, revocation=True) == "client_secret_post"
    assert choose_method(CONFIG, metadata(client_auth_methods=("client_secret_post",)), revocation=True) == (
        "client_secret_post"
    )
    form, headers = authenticated({}, config=CONFIG, metadata=offered, revocation=True)
    assert (form["client_secret"], headers) == ("s3cret", {})


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, client_auth="private_key_jwt"),
        replace(CONFIG, client_auth="client_secret_basic", client_secret=None),
        replace(CONFIG, client_auth="client_secret_post", client_secret=""),
        replace(WITH_KEY, client_key_pem="no key"),
        replace(CONFIG, client_auth="tls_client_auth"),
    ],
)
def test_a_method_without_what_it_needs_is_an_error_before_anything_is_sent(config: Any) -> None:
    with pytest.raises(UnsupportedClientAuth):
        authenticated({}, config=config, metadata=METADATA)


def test_a_key_of_a_kind_that_the_provider_does_not_take_is_told() -> None:
    with pytest.raises(UnsupportedClientAuth, match="RS256, PS256") as caught:
        authenticated({}, config=WITH_KEY, metadata=metadata(client_auth_algorithms=("RS256", "PS256")))
    assert "ES256" in caught.value.message
    assert "-oidc-client-key-file" in caught.value.remedy


def test_a_public_client_sends_its_id_and_nothing_else() -> None:
    public = replace(CONFIG, client_secret=None)
    assert authenticated({}, config=public, metadata=METADATA) == ({"client_id": "headlamp"}, {})
    silent = replace(CONFIG, client_auth="none")
    assert authenticated({}, config=silent, metadata=METADATA) == ({"client_id": "headlamp"}, {})
