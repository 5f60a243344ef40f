"""A provider's keys: none, none that fits, some that nobody needs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider, key_set_bytes
from tests.adversarial.signing import ec_key, rsa_key
from tests.unit.doctor.kit import config_of, diagnose, found, with_provider

from headlamp.doctor.findings import State
from headlamp.settings import Settings

SECP256K1 = {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "odd"}


async def test_the_keys_that_fit_are_counted(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.keys = [rsa_key(), rsa_key("rsa-2")]
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.keys")
    assert (finding.state, finding.found) == (State.OK, "2 for RS256.")


async def test_a8b_keys_of_unknown_kinds_are_told_and_are_no_fault(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    idp.deviations.jwks_extra = (SECP256K1, {"kty": "oct", "k": "AAAA"}, rsa_key().jwk(use="enc"))
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.keys")
    assert finding.state is State.OK
    assert "3 of 4 are of a kind that is not used here" in finding.found


async def test_no_key_for_the_expected_algorithm_fails(settings: Settings, idp: MisbehavingProvider) -> None:
    idp.keys = [ec_key()]
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.keys")
    assert finding.state is State.FAILED
    assert "No key fits RS256" in finding.found
    assert "-oidc-signing-algs" in finding.remedy


@pytest.mark.parametrize(
    "deviation",
    [
        {"body": {"jwks": key_set_bytes()}},
        {"body": {"jwks": key_set_bytes(SECP256K1)}},
        {"body": {"jwks": b"<html></html>"}},
        {"body": {"jwks": b'{"other": 1}'}},
        {"status": {"jwks": (500, {})}},
        {"reset": ("jwks",)},
    ],
)
async def test_keys_that_are_missing_or_cannot_be_read_fail(
    settings: Settings, idp: MisbehavingProvider, deviation: dict[str, Any]
) -> None:
    for name, value in deviation.items():
        setattr(idp.deviations, name, value)
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.keys")
    assert finding.state is State.FAILED
