"""Key sets: which keys are taken, for what, and when they are fetched again."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.adversarial.signing import SigningKey, ec_key, ed25519_key, rsa_key
from tests.unit.oidc.fakes import Clock, FakeHttp, answer

from headlamp.oidc.errors import (
    BadKeySet,
    BadSignature,
    IdTokenRejected,
    ProviderUnavailable,
    UnknownKey,
    WrongNonce,
)
from headlamp.oidc.keys import MAX_KEYS, KeySet, RemoteKeys, read_key_set

URI = "https://idp.example.com/jwks"


def key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": list(keys)}


def test_a_key_is_a_candidate_for_the_algorithms_of_its_type_and_curve() -> None:
    keys = read_key_set(key_set(rsa_key().jwk(), ec_key().jwk(), ed25519_key().jwk()))

    def kids(algorithm: str) -> list[str | None]:
        return [k.kid for k in keys.candidates(None, algorithm)]

    assert kids("RS256") == kids("PS512") == ["rsa-1"]
    assert kids("ES256") == ["ec-1"]
    assert kids("ES384") == []
    assert kids("EdDSA") == kids("Ed25519") == ["ed-1"]


def test_a_key_that_names_its_algorithm_is_for_no_other() -> None:
    keys = read_key_set(key_set(rsa_key().jwk(alg="RS512"), ed25519_key().jwk(alg="Ed25519")))
    assert not keys.candidates("rsa-1", "RS256")
    assert keys.candidates("rsa-1", "RS512")
    assert keys.candidates("ed-1", "EdDSA")


def test_keys_for_encryption_or_with_other_operations_are_ignored() -> None:
    use, ops = rsa_key().jwk(use="enc"), rsa_key().jwk(key_ops=["encrypt"])
    assert read_key_set(key_set(use, ops)).keys == ()
    assert len(read_key_set(key_set(rsa_key().jwk(key_ops=["verify"]))).keys) == 1


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_short_rsa_key_is_ignored() -> None:
    weak = SigningKey("weak", rsa.generate_private_key(public_exponent=65537, key_size=1024))
    assert read_key_set(key_set(weak.jwk())).keys == ()


def test_a_published_private_key_is_read_as_a_public_one() -> None:
    (key,) = read_key_set(key_set(rsa_key().jwk(d="AQAB", p="AQAB"))).keys
    assert not key.key.is_private


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": [None] * (MAX_KEYS + 1)}])
def test_what_is_no_key_set_or_too_large_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadKeySet):
        read_key_set(document)


async def test_keys_are_fetched_once_an_hour_and_the_last_good_ones_survive_failure() -> None:
    clock, http = Clock(), FakeHttp({URI: answer(key_set(rsa_key().jwk()))})
    remote = RemoteKeys(http, now=clock)
    first = await remote.current(URI)
    assert await remote.current(URI) is first
    http.answers[URI] = answer({"keys": "none"})
    clock.seconds += 3601
    assert await remote.current(URI) is first
    assert await remote.current(URI) is first
    assert len(http.sent) == 2


async def test_a_key_set_that_was_never_read_is_an_error() -> None:
    with pytest.raises(ProviderUnavailable):
        await RemoteKeys(FakeHttp()).current(URI)


async def test_a8_a_key_set_that_was_never_read_is_not_asked_for_more_than_once_a_second() -> None:
    clock, http = Clock(), FakeHttp()
    remote = RemoteKeys(http, now=clock)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await remote.current(URI)
    assert len(http.sent) == 1
    http.answers[URI] = answer(key_set(rsa_key().jwk()))
    clock.seconds += 1
    assert len((await remote.current(URI)).keys) == 1


@pytest.mark.parametrize("problem", [UnknownKey, BadSignature])
async def test_what_no_key_fits_is_tried_once_more_with_newer_keys(problem: type[IdTokenRejected]) -> None:
    clock, http = Clock(), FakeHttp({URI: answer(key_set())})
    remote = RemoteKeys(http, now=clock)
    tried: list[KeySet] = []

    def check(keys: KeySet) -> str:
        tried.append(keys)
        if not keys.keys:
            raise problem("no key fits")
        return "fits"

    with pytest.raises(problem):
        await remote.settle(URI, check)
    assert len(tried) == 2
    with pytest.raises(problem):
        await remote.settle(URI, check)
    assert (len(tried), len(http.sent)) == (3, 2)
    http.answers[URI] = answer(key_set(rsa_key().jwk()))
    clock.seconds += 10
    assert await remote.settle(URI, check) == "fits"


async def test_other_problems_are_no_reason_for_newer_keys() -> None:
    http = FakeHttp({URI: answer(key_set(rsa_key().jwk()))})

    def check(_: KeySet) -> str:
        raise WrongNonce

    with pytest.raises(WrongNonce):
        await RemoteKeys(http, now=Clock()).settle(URI, check)
    assert len(http.sent) == 1


async def test_keys_are_renewed_on_demand_at_most_every_ten_seconds() -> None:
    clock, http = Clock(), FakeHttp({URI: answer(key_set(rsa_key().jwk()))})
    remote = RemoteKeys(http, now=clock)
    first = await remote.current(URI)
    second = await remote.renewed(URI, first)
    assert second is not first
    assert await remote.renewed(URI, first) is second
    assert await remote.renewed(URI, second) is second
    assert len(http.sent) == 2
    clock.seconds += 10
    assert await remote.renewed(URI, second) is not second


async def test_a_failed_renewal_leaves_the_keys_as_they_are() -> None:
    clock, http = Clock(), FakeHttp({URI: answer(key_set(rsa_key().jwk()))})
    remote = RemoteKeys(http, now=clock)
    first = await remote.current(URI)
    http.answers.clear()
    assert await remote.renewed(URI, first) is first


async def test_another_address_of_the_keys_is_asked_at_once() -> None:
    http = FakeHttp({URI: answer(key_set()), URI + "2": answer(key_set(rsa_key().jwk()))})
    remote = RemoteKeys(http, now=Clock())
    assert (await remote.current(URI)).keys == ()
    assert len((await remote.current(URI + "2")).keys) == 1
