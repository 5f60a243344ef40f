"""Client authentication: which method, and how it is written."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import msgspec
import pytest
from tests.unit.oidc.fakes import CONFIG, METADATA

from headlamp.oidc.client_auth import authenticate, choose_method
from headlamp.oidc.errors import UnsupportedClientAuth


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
