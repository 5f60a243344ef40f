"""The rules by which tokens are explained are kube-apiserver's: the real one is shown tokens of all kinds.

Each token is explained. The one that is good all over says how the API server is set up; of every other one the
explanation has to foretell whether that API server takes it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import b64, ec_key, ed25519_key, rsa_key, sign
from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.pki import trusting
from tests.real.stack.tunable import TunableApiServer, beside
from tests.real.stack.whole import Stack
from tests.support.in_thread import in_thread

from headlamp.access import Acceptance
from headlamp.access.errors import ClusterRejected
from headlamp.access.explanation import Case, Explanation, explain, read_token

GONE = object()
KEYS_WITHIN_S = 45.0
NOWHERE = {"src1": {"endpoint": "https://127.0.0.1:1/groups"}}
REFUSED = Acceptance(False, "no", problem=ClusterRejected())


@pytest.fixture(scope="module")
def provider(stack: Stack) -> Iterator[MisbehavingProvider]:
    """A provider that publishes keys of all kinds."""
    serving = stack.web_pki.server("provider-of-rules")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving.cert, serving.key)
    made = MisbehavingProvider(tls=context)
    made.keys = [rsa_key(), ec_key(), ed25519_key()]
    with in_thread(made, stack.cluster.ports.take()) as running:
        yield running


@pytest.fixture(scope="module")
def trusting_server(stack: Stack, api_server: ApiServer, provider: MisbehavingProvider) -> Iterator[TunableApiServer]:
    """An API server with the very settings that the explanation of a good token offers."""
    server = beside(api_server, stack.cluster.ports.take(), "kube-apiserver-of-rules")
    offered = explained(token(provider), ca_pem=stack.web_pki.pem)
    assert not [one for one in offered.findings if one.fatal]
    server.restart(configuration=offered.authentication_configuration)
    good = token(provider)
    server.wait_until(lambda: takes(server, good), within=KEYS_WITHIN_S)
    yield server
    server.stop()


def claims_of(provider: MisbehavingProvider, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "iss": provider.issuer,
        "sub": "alice",
        "aud": "headlamp",
        "exp": int(time.time()) + 600,
        "iat": int(time.time()),
        "groups": ["developers"],
    }
    return {name: value for name, value in (made | changes).items() if value is not GONE}


def token(
    provider: MisbehavingProvider, alg: str = "RS256", header: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """A good token but for `changes`; `GONE` removes a claim."""
    key = ec_key() if alg.startswith("ES") else ed25519_key() if alg == "EdDSA" else rsa_key()
    return sign(claims_of(provider, **changes), key, alg, header)


def explained(shown: str, *, ca_pem: str | None = None) -> Explanation:
    return explain(Case(read_token(shown), "pasted_token", REFUSED, now=time.time(), ca_pem=ca_pem))


def takes(server: ApiServer, shown: str) -> bool:
    """Whether the API server takes a token."""
    return Admin(server.port, trusting(server.identity.pki.pem), bearer=shown).is_there("/api")


NOW = int(time.time())
"""When the tests were collected: it may be an hour before they run."""
DAY = 24 * 3600
TAKEN: Mapping[str, Mapping[str, Any]] = {
    "as an access token": {"header": {"typ": "at+jwt"}},
    "signed with PS256": {"alg": "PS256"},
    "signed with RS512": {"alg": "RS512"},
    "signed with ES256": {"alg": "ES256"},
    "one audience of several": {"aud": ["somebody", "headlamp"]},
    "expiry in quotes": {"exp": str(NOW + DAY)},
    "expiry with a fraction": {"exp": NOW + DAY + 0.5},
    "good in half a minute": {"nbf": NOW + 30},
    "issued in the future": {"iat": NOW + DAY},
    "issue in quotes": {"iat": str(NOW)},
    "without issue": {"iat": GONE},
    "one group as a text": {"groups": "developers"},
    "groups are null": {"groups": None},
    "no groups": {"groups": GONE},
    "a reference to something else": {"_claim_names": {"x": "src1"}, "_claim_sources": NOWHERE},
    "an address that is not verified": {"email": "a@example.com", "email_verified": False},
    "another party": {"azp": "somebody"},
    "an empty nonce": {"nonce": None},
}
REFUSED_EVER: Mapping[str, Mapping[str, Any]] = {
    "signed with EdDSA": {"alg": "EdDSA"},
    "not signed": {"alg": "none"},
    "signed with a secret": {"alg": "HS256/pem"},
    "a critical header": {"header": {"crit": ["exp"], "exp": 1}},
    "no audience": {"aud": GONE},
    "an empty audience": {"aud": []},
    "an audience that is a number": {"aud": 5},
    "an audience that is partly a number": {"aud": ["headlamp", 5]},
    "no expiry": {"exp": GONE},
    "an expiry that is no number": {"exp": "tomorrow"},
    "an expiry that is true": {"exp": True},
    "an nbf that is no number": {"nbf": "tomorrow"},
    "an issue that is no number": {"iat": "yesterday"},
    "a subject that is a number": {"sub": 5},
    "a nonce that is a number": {"nonce": 5},
    "a reference to nothing": {"_claim_names": {"x": "src1"}},
    "a reference that is no text": {"_claim_names": {"x": 5}, "_claim_sources": NOWHERE},
    "references that are a text": {"_claim_names": "src1"},
    "an issuer that is a number": {"iss": 5},
}
OFF: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "expired": ("exp", {"exp": NOW - 60}),
    "not good yet": ("nbf", {"nbf": NOW + DAY}),
    "groups that are numbers": ("groups", {"groups": [1]}),
    "groups that are an object": ("groups", {"groups": {"a": "b"}}),
    "groups that are elsewhere": (
        "groups",
        {"groups": GONE, "_claim_names": {"groups": "src1"}, "_claim_sources": NOWHERE},
    ),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_said_to_be_acceptable_is_accepted(
    provider: MisbehavingProvider, trusting_server: TunableApiServer, name: str
) -> None:
    shown = token(provider, **TAKEN[name])
    made = explained(shown)
    assert not [one for one in made.findings if one.fatal]
    assert made.authentication_configuration
    assert await asyncio.to_thread(takes, trusting_server, shown)


@pytest.mark.parametrize("name", REFUSED_EVER)
async def test_what_is_said_to_be_acceptable_to_no_cluster_is_refused(
    provider: MisbehavingProvider, trusting_server: TunableApiServer, name: str
) -> None:
    shown = token(provider, **REFUSED_EVER[name])
    made = explained(shown)
    assert [one for one in made.findings if one.fatal]
    assert made.authentication_configuration == ""
    assert not await asyncio.to_thread(takes, trusting_server, shown)


@pytest.mark.parametrize("name", OFF)
async def test_what_is_said_to_be_off_is_refused(
    provider: MisbehavingProvider, trusting_server: TunableApiServer, name: str
) -> None:
    claim, changes = OFF[name]
    shown = token(provider, **changes)
    assert [one.state for one in explained(shown).findings if one.claim == claim] == ["off"]
    assert not await asyncio.to_thread(takes, trusting_server, shown)


async def test_what_is_read_as_no_jwt_is_none(provider: MisbehavingProvider, trusting_server: TunableApiServer) -> None:
    head, body, signature = token(provider).split(".")
    standard = base64.b64encode(json.dumps(claims_of(provider, note="???>>>~~~")).encode()).decode().rstrip("=")
    assert set(standard) & set("+/")
    for shown in (
        "opaque",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.x.y",
        f"{head}.{body}=.{signature}",
        f"{head}.{standard}.{signature}",
        f"{head}.{b64(b'[]')}.{signature}",
    ):
        assert read_token(shown).format == "opaque"
        assert not await asyncio.to_thread(takes, trusting_server, shown)
