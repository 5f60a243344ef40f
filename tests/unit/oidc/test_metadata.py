"""Discovery documents: what is read, refused and kept."""

from __future__ import annotations

import pytest
from tests.unit.oidc.fakes import ISSUER, Clock, FakeHttp, answer, discovery_document

from headlamp.oidc.errors import BadProviderAnswer, InsecureAddress, IssuerMismatch, ProviderUnavailable
from headlamp.oidc.metadata import Discovery, discovery_url, read_metadata


@pytest.mark.parametrize("issuer", ["https://idp.example.com/realms/x", "https://idp.example.com/realms/x/"])
def test_the_document_is_below_the_issuer_with_or_without_its_slash(issuer: str) -> None:
    assert discovery_url(issuer) == "https://idp.example.com/realms/x/.well-known/openid-configuration"


def test_a_slash_at_the_end_makes_another_issuer() -> None:
    with pytest.raises(IssuerMismatch) as raised:
        read_metadata(discovery_document(issuer=ISSUER + "/"), issuer=ISSUER)
    assert raised.value.found == ISSUER + "/"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_document_without_a_needed_address_is_refused(name: str) -> None:
    with pytest.raises(BadProviderAnswer, match=name):
        read_metadata(discovery_document(**{name: None}), issuer=ISSUER)


def test_http_on_loopback_is_for_providers_on_loopback() -> None:
    local = "http://localhost:5556"
    document = discovery_document(
        issuer=local, authorization_endpoint=f"{local}/a", token_endpoint=f"{local}/t", jwks_uri=f"{local}/k"
    )
    assert read_metadata(document, issuer=local).token_endpoint == f"{local}/t"
    with pytest.raises(InsecureAddress):
        read_metadata(discovery_document(token_endpoint=f"{local}/t"), issuer=ISSUER)


def test_what_is_optional_may_be_missing_or_nonsense() -> None:
    metadata = read_metadata(
        discovery_document(scopes_supported="openid", token_endpoint_auth_methods_supported=[1, "none"]), issuer=ISSUER
    )
    assert (metadata.scopes, metadata.client_auth_methods, metadata.userinfo_endpoint) == (None, ("none",), None)
    assert metadata.response_names_issuer is False


def test_ways_of_client_authentication_are_read_for_each_endpoint() -> None:
    metadata = read_metadata(
        discovery_document(
            token_endpoint_auth_signing_alg_values_supported=["ES256", 7],
            revocation_endpoint_auth_methods_supported=["private_key_jwt"],
        ),
        issuer=ISSUER,
    )
    assert metadata.client_auth_methods is None
    assert metadata.client_auth_algorithms == ("ES256",)
    assert metadata.revocation_auth_methods == ("private_key_jwt",)


async def test_an_issuer_over_http_is_not_even_asked() -> None:
    http = FakeHttp()
    with pytest.raises(InsecureAddress):
        await Discovery("http://idp.example.com", http).get()
    assert http.sent == []


async def test_metadata_are_fetched_again_after_an_hour_and_the_last_good_copy_survives_failure() -> None:
    clock, http = Clock(), FakeHttp({discovery_url(ISSUER): answer(discovery_document())})
    discovery = Discovery(ISSUER, http, now=clock)
    first = await discovery.get()
    assert await discovery.get() is first
    assert len(http.sent) == 1
    http.answers.clear()
    clock.seconds += 3601
    assert await discovery.get() is first
    assert await discovery.get() is first
    assert len(http.sent) == 2
    http.answers[discovery_url(ISSUER)] = answer(discovery_document(token_endpoint=f"{ISSUER}/new"))
    clock.seconds += 10
    assert (await discovery.get()).token_endpoint == f"{ISSUER}/new"


async def test_an_address_without_a_document_names_the_address_and_the_setting() -> None:
    with pytest.raises(BadProviderAnswer, match="well-known") as caught:
        await Discovery(ISSUER, FakeHttp({discovery_url(ISSUER): answer({}, 404)})).get()
    assert "-oidc-idp-issuer-url" in caught.value.remedy
    for status in (408, 429, 500, 503):
        with pytest.raises(ProviderUnavailable) as passing:
            await Discovery(ISSUER, FakeHttp({discovery_url(ISSUER): answer({}, status)})).get()
        assert passing.value.code == "oidc.provider_unavailable"


async def test_a_provider_that_never_answered_is_an_error_that_may_pass() -> None:
    clock, http = Clock(), FakeHttp({discovery_url(ISSUER): answer({}, 404)})
    discovery = Discovery(ISSUER, http, now=clock)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable, match="404"):
            await discovery.get()
    assert len(http.sent) == 1
