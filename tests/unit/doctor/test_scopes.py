"""Scopes that the provider does not know, or that people will miss."""

from __future__ import annotations

import pytest
from tests.adversarial.entra import AKS_SERVER, EntraTenant
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.kit import config_of, diagnose, found, with_provider, wrong

from headlamp.doctor.findings import State
from headlamp.oidc.token_rule import TokenRule
from headlamp.settings import Settings


async def test_a_scope_that_is_not_listed_is_a_warning_with_the_flag_to_type(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    config = config_of(idp, scopes=("profile", "repo", "offline_access"))
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.scopes")
    assert finding.state is State.WARNING
    assert "does not list repo" in finding.found
    assert "-oidc-scopes=profile,offline_access" in finding.remedy


async def test_a_provider_that_lists_no_scopes_is_taken_as_it_is(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(habits=Habits(scopes=None))
    config = config_of(idp, scopes=("anything",))
    assert wrong(await diagnose(with_provider(settings, config), "provider")) == []


async def test_without_offline_access_people_sign_in_again_and_again(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    config = config_of(idp, scopes=("profile", "email"))
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.renewal")
    assert finding.state is State.WARNING
    # The provider has a scope for groups: two remedies that name different scopes would undo each other.
    assert "-oidc-scopes=profile,email,groups,offline_access" in finding.remedy


async def test_keycloak_renews_without_offline_access(start_provider: StartProvider, settings: Settings) -> None:
    idp = await start_provider(habits=Habits(scopes=("openid", "offline_access")))
    idp.deviations.metadata = {"token_endpoint": f"{idp.issuer}/protocol/openid-connect/token"}
    finding = found(await diagnose(with_provider(settings, config_of(idp, scopes=())), "provider"), "provider.renewal")
    assert finding.state is State.OK
    assert "Keycloak" in finding.found


async def test_groups_are_pointed_out_where_there_are_some(settings: Settings, idp: MisbehavingProvider) -> None:
    finding = found(await diagnose(with_provider(settings, config_of(idp)), "provider"), "provider.scopes")
    assert finding.state is State.OK
    assert "`groups`" in finding.found
    assert "-oidc-scopes=profile,email,offline_access,groups" in finding.found


@pytest.mark.parametrize(
    ("scopes", "state"),
    [
        ((f"{AKS_SERVER}/user.read", "profile"), State.OK),
        (("profile", "email"), State.FAILED),
        (("https://graph.microsoft.com/User.Read", "profile"), State.FAILED),
    ],
)
async def test_at_entra_id_the_scopes_decide_whom_the_access_token_is_for(
    start_provider: StartProvider, settings: Settings, scopes: tuple[str, ...], state: State
) -> None:
    idp = await start_provider(EntraTenant)
    config = config_of(idp, scopes=scopes, token_rule=TokenRule(use_access_token=True))
    finding = found(await diagnose(with_provider(settings, config), "provider"), "provider.resource")
    assert finding.state is state
    if state is State.FAILED:
        assert f"-oidc-scopes={AKS_SERVER}/user.read,profile" in finding.remedy


async def test_at_entra_id_without_offline_access_there_is_no_renewal(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(EntraTenant)
    report = await diagnose(with_provider(settings, config_of(idp, scopes=("profile",))), "provider")
    assert found(report, "provider.renewal").state is State.WARNING


async def test_a_scope_that_the_provider_refuses_fails_at_the_authorization_request(
    start_provider: StartProvider, settings: Settings
) -> None:
    idp = await start_provider(habits=Habits(scopes=("openid", "profile"), refuses_unknown_scopes=True))
    report = await diagnose(with_provider(settings, config_of(idp, scopes=("profile", "repo"))), "provider")
    assert found(report, "provider.redirect").state is State.OK
    finding = found(report, "provider.request")
    assert finding.state is State.FAILED
    assert "refuses the scopes openid, profile, repo" in finding.found
    assert "-oidc-scopes" in finding.remedy
