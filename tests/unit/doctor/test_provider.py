"""The way to a provider, broken at each step: name, port, TLS, certificate, clock."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.support.certificates import Authority
from tests.unit.doctor.conftest import StartProvider
from tests.unit.doctor.kit import config_of, diagnose, found, tools, with_provider, wrong

from headlamp.doctor.findings import State
from headlamp.settings import Settings

DAY = 86400.0


@pytest.fixture
def long_lived(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("localhost", ends=90 * DAY)


async def test_nothing_is_wrong_on_the_way_to_a_provider_that_is_as_it_should_be(
    start_provider: StartProvider, settings: Settings, authority: Authority, long_lived: ssl.SSLContext
) -> None:
    idp = await start_provider(tls=long_lived)
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    on_the_way = {"dns", "tcp", "tls", "expiry", "clock"}
    states = {finding.id: finding.state for finding in report.findings}
    assert {states[f"provider.{name}"] for name in on_the_way} == {State.OK}
    assert "Example CA" in found(report, "provider.tls").found
    assert found(report, "provider.tls").subject == idp.issuer


async def test_a_name_that_does_not_resolve_fails_and_what_hangs_on_it_is_not_checked(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    config = config_of(idp, issuer="https://nonexistent.invalid")
    report = await diagnose(with_provider(settings, config), "provider")
    assert wrong(report) == ["provider.dns"]
    finding = found(report, "provider.dns")
    assert "nonexistent.invalid" in finding.found
    assert "-oidc-idp-issuer-url" in finding.remedy
    assert {one.state for one in report.findings} == {State.FAILED, State.SKIPPED}


async def test_a_closed_port_fails(settings: Settings, idp: MisbehavingProvider, free_port: Callable[[], int]) -> None:
    port = free_port()
    config = config_of(idp, issuer=f"http://localhost:{port}")
    report = await diagnose(with_provider(settings, config), "provider")
    assert wrong(report) == ["provider.tcp"]
    assert f"Port {port} takes no connection" in found(report, "provider.tcp").found


async def test_an_address_of_several_that_does_not_answer_is_a_warning(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    # The second address is loopback too, and the provider does not listen there.
    world = tools(names={"localhost": ["127.0.0.1", "127.0.0.9"]})
    report = await diagnose(with_provider(settings, config_of(idp)), "provider", world=world)
    finding = found(report, "provider.tcp")
    assert finding.state is State.WARNING
    assert "127.0.0.9: connection refused" in finding.found


async def test_an_expired_certificate_fails_and_says_since_when(
    start_provider: StartProvider, settings: Settings, authority: Authority
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost", begins=-3 * DAY, ends=-2 * DAY))
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    finding = found(report, "provider.tls")
    assert finding.state is State.FAILED
    day = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
    assert f"It ended on {day:%Y-%m-%d}" in finding.found
    assert "Renew the certificate" in finding.remedy


async def test_a_certificate_that_is_not_valid_yet_points_to_the_clock(
    start_provider: StartProvider, settings: Settings, authority: Authority
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost", begins=2 * DAY, ends=3 * DAY))
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    finding = found(report, "provider.tls")
    assert finding.state is State.FAILED
    assert "timedatectl" in finding.remedy


@pytest.mark.parametrize(("days", "state"), [(13, State.WARNING), (15, State.OK)])
async def test_a_certificate_that_ends_within_14_days_is_a_warning(
    start_provider: StartProvider, settings: Settings, authority: Authority, days: int, state: State
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost", ends=days * DAY + 3600))
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    finding = found(report, "provider.expiry")
    assert finding.state is state
    assert f"in {days} days" in finding.found


async def test_a_certificate_for_another_name_fails_and_tells_which_names_it_has(
    start_provider: StartProvider, settings: Settings, authority: Authority
) -> None:
    idp = await start_provider(tls=authority.server_context("idp.example.com", "10.0.0.1"))
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    finding = found(report, "provider.tls")
    assert finding.state is State.FAILED
    assert finding.found == "It is valid for idp.example.com, 10.0.0.1, and not for localhost."


@pytest.mark.parametrize(
    ("from_flags", "setting"), [(True, "-oidc-ca-file=/path/to/ca.pem"), (False, "idp-certificate-authority")]
)
async def test_an_unknown_authority_fails_and_names_the_setting_of_where_the_provider_comes_from(
    start_provider: StartProvider, settings: Settings, authority: Authority, from_flags: bool, setting: str
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost"))
    config = config_of(idp, ca_pem=Authority("another").pem)
    report = await diagnose(with_provider(settings, config, from_flags=from_flags), "provider")
    finding = found(report, "provider.tls")
    assert finding.state is State.FAILED
    assert "Example CA" in finding.found
    assert setting in finding.remedy
    # One cause, one failure: nothing is asked behind a certificate that is not trusted.
    assert found(report, "provider.metadata").state is State.SKIPPED
    assert idp.seen == []


async def test_a_port_that_does_not_speak_tls_fails(settings: Settings, idp: MisbehavingProvider) -> None:
    config = config_of(idp, issuer=idp.issuer.replace("http://", "https://"))
    report = await diagnose(with_provider(settings, config), "provider")
    assert wrong(report) == ["provider.tls"]
    assert "does not speak TLS" in found(report, "provider.tls").found


async def test_what_is_wrong_with_a_certificate_is_told_even_where_nobody_looks_at_it(
    start_provider: StartProvider, settings: Settings, authority: Authority
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost"))
    report = await diagnose(with_provider(settings, config_of(idp, skip_tls_verify=True)), "provider")
    assert found(report, "provider.tls").state is State.WARNING
    assert found(report, "provider.verifying").state is State.WARNING
    assert found(report, "provider.metadata").state is State.OK
    assert report.healthy


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0.0, State.OK, "within"),
        (-45.0, State.WARNING, "ahead of"),
        (45.0, State.WARNING, "behind"),
        (300.0, State.FAILED, "5 minutes behind"),
        (-300.0, State.FAILED, "5 minutes ahead of"),
    ],
)
async def test_a_clock_that_differs_by_more_than_30_seconds_is_told(
    settings: Settings, idp: MisbehavingProvider, ahead: float, state: State, words: str
) -> None:
    report = await diagnose(with_provider(settings, config_of(idp)), "provider", world=tools(ahead=ahead))
    finding = found(report, "provider.clock")
    assert finding.state is state
    assert words in finding.found


async def test_an_issuer_that_is_plain_http_elsewhere_fails_at_once(
    settings: Settings, idp: MisbehavingProvider
) -> None:
    config = config_of(idp, issuer="http://idp.example.com")
    report = await diagnose(with_provider(settings, config), "provider")
    assert wrong(report) == ["provider.address"]


async def test_a_file_of_authorities_that_holds_none_fails(settings: Settings, idp: MisbehavingProvider) -> None:
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem="no certificate")), "provider")
    assert wrong(report) == ["provider.authority"]
    assert "-oidc-ca-file" in found(report, "provider.authority").remedy


async def test_an_authority_that_is_about_to_end_is_a_warning(
    start_provider: StartProvider, settings: Settings, authority: Authority
) -> None:
    idp = await start_provider(tls=authority.server_context("localhost"))
    report = await diagnose(with_provider(settings, config_of(idp, ca_pem=authority.pem)), "provider")
    finding = found(report, "provider.authority")
    assert finding.state is State.WARNING
    assert "Example CA" in finding.found
