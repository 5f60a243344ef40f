"""ID tokens that must not be believed, through a whole sign-in (checklist A4 to A7)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adversarial.provider import MISSING, Deviations, MisbehavingProvider
from tests.adversarial.relying_party import Clock, relying_party, sign_in
from tests.adversarial.signing import ec_key, rsa_key, sign

from headlamp.oidc import Provider, errors

# A4, A5: claims

NOW = Clock()()


@pytest.mark.parametrize(
    ("deviations", "error"),
    [
        (Deviations(id_token={"iss": "https://other.example.com"}), errors.WrongIssuer),
        (Deviations(missing=("iss",)), errors.MissingClaim),
        (Deviations(missing=("sub",)), errors.MissingClaim),
        (Deviations(id_token={"sub": ""}), errors.MissingClaim),
        (Deviations(id_token={"sub": 7}), errors.MalformedToken),
        (Deviations(missing=("iat",)), errors.MissingClaim),
        (Deviations(id_token={"iat": NOW + 3600}), errors.TokenNotYetValid),
        (Deviations(missing=("exp",)), errors.MissingClaim),
        (Deviations(id_token={"exp": NOW - 61}), errors.TokenExpired),
        (Deviations(id_token={"exp": "never"}), errors.MalformedToken),
        (Deviations(id_token={"exp": True}), errors.MalformedToken),
        (Deviations(id_token={"nbf": NOW + 3600}), errors.TokenNotYetValid),
        (Deviations(id_token={"nonce": "another"}), errors.WrongNonce),
        (Deviations(missing=("nonce",)), errors.MissingClaim),
        (Deviations(id_token={"azp": "another"}), errors.WrongAuthorizedParty),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_a4_an_id_token_with_a_wrong_or_missing_claim_is_rejected(
    idp: MisbehavingProvider, provider: Provider, deviations: Deviations, error: type[Exception]
) -> None:
    idp.deviations = deviations
    with pytest.raises(error):
        await sign_in(provider)


@pytest.mark.parametrize("claims", [{"exp": NOW - 30}, {"iat": NOW + 30}, {"nbf": NOW + 30}])
async def test_a4_clocks_may_differ_by_less_than_a_minute(
    idp: MisbehavingProvider, provider: Provider, claims: dict[str, Any]
) -> None:
    idp.deviations = Deviations(id_token=claims)
    assert (await sign_in(provider)).subject == "alice"


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"aud": "another"}, errors.WrongAudience),
        ({"aud": []}, errors.WrongAudience),
        ({"aud": ["headlamp", "another"], "azp": "headlamp"}, errors.UntrustedAudience),
        ({"aud": ["headlamp", "another"], "azp": "another"}, errors.UntrustedAudience),
        ({"aud": MISSING}, errors.MissingClaim),
        ({"aud": {"headlamp": 1}}, errors.MalformedToken),
    ],
)
async def test_a5_an_id_token_for_somebody_else_too_is_rejected(
    idp: MisbehavingProvider, provider: Provider, claims: dict[str, Any], error: type[Exception]
) -> None:
    idp.deviations = Deviations(id_token=claims)
    with pytest.raises(error):
        await sign_in(provider)


async def test_a5_an_audience_in_a_list_of_one_is_fine(idp: MisbehavingProvider, provider: Provider) -> None:
    idp.deviations = Deviations(id_token={"aud": ["headlamp"]})
    assert (await sign_in(provider)).subject == "alice"


# A6, A7: signature and header


@pytest.mark.parametrize("alg", ["none", "HS256/pem", "HS256/der", "HS256/jwk", "PS256", "RS512", "rs256"])
async def test_a6_an_algorithm_that_is_not_expected_is_rejected(
    idp: MisbehavingProvider, provider: Provider, alg: str
) -> None:
    idp.deviations = Deviations(alg="RS512" if alg == "rs256" else alg, header={"alg": alg} if alg == "rs256" else {})
    with pytest.raises(errors.WrongAlgorithm):
        await sign_in(provider)


async def test_a6_an_es256_token_with_the_id_of_an_rsa_key_is_rejected(idp: MisbehavingProvider, clock: Clock) -> None:
    provider = relying_party(idp, clock, signing_algs=frozenset({"RS256", "ES256"}))
    idp.deviations = Deviations(alg="ES256", sign_with=ec_key("rsa-1"))
    with pytest.raises(errors.UnknownKey):
        await sign_in(provider)
    await provider.close()


async def test_a6_a_signature_of_another_key_under_a_published_id_is_rejected(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    idp.deviations = Deviations(sign_with=rsa_key("attacker"), header={"kid": "rsa-1"})
    with pytest.raises(errors.BadSignature):
        await sign_in(provider)


async def test_a6_a_symmetric_algorithm_cannot_even_be_configured(idp: MisbehavingProvider, clock: Clock) -> None:
    with pytest.raises(ValueError, match="HS256"):
        relying_party(idp, clock, signing_algs=frozenset({"HS256"}))


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": rsa_key("attacker").jwk()},
        {"jku": "{issuer}/attackers-keys"},
        {"x5u": "{issuer}/attackers-certificate"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
    ],
    ids=lambda header: "-".join(header),
)
async def test_a7_a_key_or_extension_in_the_header_is_rejected_and_not_fetched(
    idp: MisbehavingProvider, provider: Provider, header: dict[str, Any]
) -> None:
    header = {k: v.format(issuer=idp.issuer) if isinstance(v, str) else v for k, v in header.items()}
    idp.deviations = Deviations(header=header, sign_with=rsa_key("attacker"))
    with pytest.raises(errors.ForbiddenHeader):
        await sign_in(provider)
    assert {request.endpoint for request in idp.seen} == {"discovery", "authorize", "token", "jwks"}


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "{issuer}/attackers-keys", "\x00"])
async def test_a7_a_key_id_is_only_ever_compared(idp: MisbehavingProvider, provider: Provider, kid: str) -> None:
    idp.deviations = Deviations(header={"kid": kid.format(issuer=idp.issuer)}, sign_with=rsa_key("attacker"))
    with pytest.raises(errors.UnknownKey):
        await sign_in(provider)
    assert {request.endpoint for request in idp.seen} == {"discovery", "authorize", "token", "jwks"}


async def test_a7_an_access_token_or_logout_token_is_no_id_token(idp: MisbehavingProvider, provider: Provider) -> None:
    for kind in ("at+jwt", "application/at+jwt", "logout+jwt"):
        idp.deviations = Deviations(header={"typ": kind})
        with pytest.raises(errors.ForbiddenHeader):
            await sign_in(provider)


@pytest.mark.parametrize("keys", [1, 2])
async def test_a_token_without_key_id_is_tried_with_every_key_that_fits(
    idp: MisbehavingProvider, provider: Provider, keys: int
) -> None:
    idp.keys = [rsa_key(f"rsa-{n}") for n in range(1, keys + 1)]
    idp.deviations = Deviations(header={"kid": None}, sign_with=idp.keys[-1])
    assert (await sign_in(provider)).subject == "alice"


async def test_claims_that_no_json_parser_should_agree_on_are_rejected(
    idp: MisbehavingProvider, provider: Provider
) -> None:
    for payload in (b"[]", b"null", b"{", b"\xff", b"[" * 50_000):
        idp.deviations = Deviations(raw_id_token=sign(payload, idp.keys[0]))
        with pytest.raises(errors.MalformedToken):
            await sign_in(provider)
