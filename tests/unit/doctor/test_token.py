"""What a cluster says to a token, and what is off with one that it refuses."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from tests.adversarial.signing import rsa_key, sign
from tests.support.credentials import FixedCredential
from tests.support.upstream import RecordingUpstream
from tests.unit.doctor.kit import diagnose, found, with_cluster

from headlamp.clusters.credential import CredentialSource
from headlamp.doctor.examined import Examined, ShownToken
from headlamp.doctor.findings import State
from headlamp.oidc.cluster_token import ClusterTokenAudience
from headlamp.sessions.errors import SignInAgain
from headlamp.settings import Settings

ISSUER = "https://idp.example.com"


def token_with(**claims: Any) -> str:
    now = int(time.time())
    right = {"iss": ISSUER, "aud": "headlamp", "sub": "alice", "iat": now, "exp": now + 300, "email": "a@example.com"}
    return sign(right | claims, rsa_key())


def shown(credential: CredentialSource) -> ShownToken:
    return ShownToken(credential, "the token of a test", "id_token", ISSUER, "headlamp", "the settings here")


@pytest.fixture
async def api_server() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as upstream:
        yield upstream


def reviewing(status: int, body: dict[str, Any]) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


def examined(settings: Settings, api_server: RecordingUpstream, credential: CredentialSource | None) -> Examined:
    return with_cluster(settings, api_server.cluster(), shown=shown(credential) if credential else None)


async def test_an_accepted_token_is_told_with_the_user_that_the_cluster_sees(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    user = {"username": "oidc:alice", "groups": ["oidc:developers", "system:authenticated"]}
    api_server.handler = reviewing(201, {"status": {"userInfo": user}})
    token = token_with()
    report = await diagnose(examined(settings, api_server, FixedCredential(token)), "token")
    finding = found(report, "token.accepted")
    assert finding.state is State.OK
    assert finding.found == "The cluster accepts the token of a test, of oidc:alice in the groups oidc:developers."
    assert api_server.last.values("Authorization") == [f"Bearer {token}"]


@pytest.mark.parametrize(
    ("claims", "remedy"),
    [({}, "ask for the scope groups in -oidc-scopes"), ({"groups": ["developers"]}, "--oidc-groups-claim=groups")],
)
async def test_an_accepted_token_that_brings_no_groups_is_a_warning_with_what_would_bring_them(
    settings: Settings, api_server: RecordingUpstream, claims: dict[str, Any], remedy: str
) -> None:
    user = {"username": "alice", "groups": ["system:authenticated"]}
    api_server.handler = reviewing(201, {"status": {"userInfo": user}})
    report = await diagnose(examined(settings, api_server, FixedCredential(token_with(**claims))), "token")
    assert found(report, "token.accepted").state is State.OK
    finding = found(report, "token.groups")
    assert finding.state is State.WARNING
    assert remedy in finding.remedy


async def test_without_a_token_it_says_how_to_show_one(settings: Settings, api_server: RecordingUpstream) -> None:
    report = await diagnose(examined(settings, api_server, None), "token")
    finding = found(report, "token.accepted")
    assert finding.state is State.SKIPPED
    assert "--token-file" in finding.remedy
    assert api_server.requests == []


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"iss": "https://other.example.com"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"exp": int(time.time()) - 100}, "exp"),
    ],
)
async def test_a_refused_token_is_explained_claim_by_claim(
    settings: Settings, api_server: RecordingUpstream, claims: dict[str, Any], claim: str
) -> None:
    api_server.handler = reviewing(401, {"kind": "Status", "message": "Unauthorized"})
    report = await diagnose(examined(settings, api_server, FixedCredential(token_with(**claims))), "token")
    assert found(report, "token.accepted").state is State.FAILED
    off = [one for one in report.findings if one.id == "token.claim" and one.state is State.FAILED]
    assert [one.found.partition(":")[0] for one in off] == [claim]


async def test_a_refused_token_comes_with_the_flags_that_would_take_it(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    api_server.handler = reviewing(401, {"kind": "Status", "message": "Unauthorized"})
    report = await diagnose(examined(settings, api_server, FixedCredential(token_with())), "token")
    assert f"--oidc-issuer-url={ISSUER} --oidc-client-id=headlamp" in found(report, "token.accepted").remedy


async def test_h6_a_token_is_never_in_a_report(settings: Settings, api_server: RecordingUpstream) -> None:
    token = token_with()
    for status in (201, 401, 500):
        api_server.handler = reviewing(status, {"message": f"what is this: {token}"})
        report = await diagnose(examined(settings, api_server, FixedCredential(token)), "token")
        text = str(report.as_json())
        assert token not in text
        assert token.split(".")[2] not in text


async def test_a_token_that_a_setting_holds_back_fails_with_the_settings_remedy(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    problem = ClusterTokenAudience("The token is for b, and a is expected.", remedy="Set -oidc-validator-client-id=b.")
    report = await diagnose(examined(settings, api_server, FixedCredential(problem=problem)), "token")
    finding = found(report, "token.accepted")
    assert finding.state is State.FAILED
    assert finding.remedy == "Set -oidc-validator-client-id=b."


async def test_a_session_that_has_run_out_is_a_warning(settings: Settings, api_server: RecordingUpstream) -> None:
    report = await diagnose(
        examined(settings, api_server, FixedCredential(problem=SignInAgain("It is over."))), "token"
    )
    assert found(report, "token.accepted").state is State.WARNING


async def test_a_cluster_that_fails_says_nothing_about_the_token(
    settings: Settings, api_server: RecordingUpstream
) -> None:
    api_server.handler = reviewing(500, {})
    report = await diagnose(examined(settings, api_server, FixedCredential(token_with())), "token")
    assert found(report, "token.accepted").state is State.WARNING
