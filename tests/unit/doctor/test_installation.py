"""Settings, sessions and what to register: the checks that ask nobody."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.unit.doctor.kit import config_of, diagnose, found, settings_in, with_provider, wrong

from headlamp.clusters.cluster import Cluster
from headlamp.doctor.examined import Examined, ExaminedCluster
from headlamp.doctor.findings import Finding, State
from headlamp.oidc.config import ProviderConfig
from headlamp.sessions.sqlite import SqliteStore
from headlamp.settings import Secret

CONFIG = ProviderConfig(id="default", issuer="https://idp.example.com", client_id="headlamp")
CLUSTER = ExaminedCluster(Cluster("one", "one", error="broken, so that it is not asked"))


async def test_nothing_is_wrong_with_good_settings(tmp_path: Path) -> None:
    examined = with_provider(settings_in(tmp_path), CONFIG, clusters=(CLUSTER,))
    report = await diagnose(examined, "settings", "sessions", "registration")
    assert wrong(report) == []
    assert {finding.group for finding in report.findings} == {"settings", "sessions", "registration"}


# Settings


@pytest.mark.parametrize("name", ["insecure_ssl", "oidc_skip_tls_verify", "insecure_cookie"])
async def test_a_risky_setting_is_a_warning_that_names_it(tmp_path: Path, name: str) -> None:
    report = await diagnose(with_provider(settings_in(tmp_path, **{name: True}), CONFIG), "settings")
    finding = found(report, "settings.risk")
    assert finding.state is State.WARNING
    assert f"-{name.replace('_', '-')}" in finding.found
    assert f"-{name.replace('_', '-')}" in finding.remedy


async def test_a_warning_of_reading_the_settings_is_told_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, insecure_ssl=True)
    warnings = (
        "HEADLAMP_CONFIG_INSECURE_SSL (-insecure-ssl) is on: the certificates of clusters are not verified.",
        "HEADLAMP_CONFIG_PLUGINS is not a known variable and has no effect.",
    )
    report = await diagnose(with_provider(settings, CONFIG, warnings=warnings), "settings")
    assert found(report, "settings.risk").state is State.WARNING
    assert found(report, "settings.unused").found == warnings[1]


@pytest.mark.parametrize(
    ("changes", "point", "state", "words"),
    [
        ({"public_url": ""}, "public_url", State.WARNING, "-public-url=https://HOST"),
        ({"public_url": "", "listen_addr": "localhost"}, "public_url", State.OK, ""),
        ({"public_url": "http://headlamp.example.com"}, "public_url", State.FAILED, "https://headlamp.example.com"),
        ({"public_url": "http://headlamp.example.com", "insecure_cookie": True}, "public_url", State.OK, ""),
        ({"public_url": "http://localhost:4466"}, "public_url", State.OK, ""),
        ({"trusted_proxies": (ipaddress.ip_network("0.0.0.0/0"),)}, "trusted_proxies", State.WARNING, "ingress"),
        ({"trusted_proxies": (ipaddress.ip_network("10.0.0.0/8"),)}, "trusted_proxies", State.OK, ""),
    ],
)
async def test_each_setting_is_judged(
    tmp_path: Path, changes: dict[str, Any], point: str, state: State, words: str
) -> None:
    report = await diagnose(with_provider(settings_in(tmp_path, **changes), CONFIG), "settings")
    finding = found(report, f"settings.{point}")
    assert finding.state is state
    assert words in finding.remedy


async def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("client secret")
    path.chmod(0o644)
    settings = settings_in(tmp_path, oidc_client_secret_file=path)
    finding = found(await diagnose(with_provider(settings, CONFIG), "settings"), "settings.secret_files")
    assert finding.state is State.WARNING
    assert finding.remedy == f"chmod o= {path}"
    path.chmod(0o640)
    finding = found(await diagnose(with_provider(settings, CONFIG), "settings"), "settings.secret_files")
    assert finding.state is State.OK


async def test_a_kubeconfig_that_cannot_be_read_fails(tmp_path: Path) -> None:
    problems = ("The kubeconfig /config can't be used: it is not a mapping.",)
    examined = with_provider(settings_in(tmp_path), CONFIG, cluster_problems=problems)
    finding = found(await diagnose(examined, "settings"), "settings.clusters")
    assert (finding.state, finding.found) == (State.FAILED, problems[0])


async def test_no_cluster_and_no_provider_are_warnings(tmp_path: Path) -> None:
    report = await diagnose(Examined(settings_in(tmp_path)), "settings")
    assert wrong(report) == ["settings.sign_in", "settings.clusters"]


async def test_in_the_laptop_case_no_provider_is_fine(tmp_path: Path) -> None:
    report = await diagnose(Examined(settings_in(tmp_path), local=True, clusters=(CLUSTER,)), "settings")
    assert wrong(report) == []


# Sessions


async def _sessions(tmp_path: Path, point: str, **changes: Any) -> Finding:
    examined = Examined(settings_in(tmp_path, **changes))
    return found(await diagnose(examined, "sessions"), f"sessions.{point}")


async def test_sessions_in_memory_are_a_warning(tmp_path: Path) -> None:
    finding = await _sessions(tmp_path, "store", session_store="memory")
    assert finding.state is State.WARNING
    assert "-session-store=sqlite" in finding.remedy


async def test_a_store_that_is_in_use_is_fine_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state" / "sessions.sqlite3"
    store = SqliteStore(path)
    await store.open()
    try:
        before = path.read_bytes()
        finding = await _sessions(tmp_path, "store")
        assert finding.state is State.OK
        assert path.read_bytes() == before
    finally:
        await store.close()


async def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert (await _sessions(tmp_path, "store")).state is State.OK
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_is_no_database_fails(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite3"
    path.write_bytes(b"not a database, and long enough to be taken for one" * 100)
    finding = await _sessions(tmp_path, "store", session_store=f"sqlite://{path}")
    assert finding.state is State.FAILED
    assert "-session-store=sqlite:///path" in finding.remedy


async def test_a_store_of_a_later_release_fails(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    finding = await _sessions(tmp_path, "store", session_store=f"sqlite://{path}")
    assert finding.state is State.FAILED
    assert "format 99" in finding.found


async def test_a_store_that_another_program_holds_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        finding = await _sessions(tmp_path, "store", session_store=f"sqlite://{path}")
        assert finding.state is State.WARNING
    finally:
        holder.close()


async def test_a_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    finding = await _sessions(tmp_path, "store", session_store=f"sqlite://{in_the_way}/sessions.sqlite3")
    assert finding.state is State.FAILED


async def test_a_secret_that_others_may_read_fails_with_what_to_type(tmp_path: Path) -> None:
    path = tmp_path / "state" / "session-secret"
    path.parent.mkdir()
    path.write_text("a" * 64)
    path.chmod(0o644)
    finding = await _sessions(tmp_path, "secret")
    assert finding.state is State.FAILED
    assert f"chmod 600 {path}" in finding.remedy
    path.chmod(0o600)
    assert (await _sessions(tmp_path, "secret")).state is State.OK


async def test_a_secret_that_is_too_short_fails(tmp_path: Path) -> None:
    path = tmp_path / "state" / "session-secret"
    path.parent.mkdir()
    path.write_text("short")
    path.chmod(0o600)
    assert (await _sessions(tmp_path, "secret")).state is State.FAILED
    assert (await _sessions(tmp_path, "secret", session_secret=Secret("short"))).state is State.FAILED


async def test_a_secret_that_a_setting_gives_is_fine_and_not_shown(tmp_path: Path) -> None:
    secret = "canary-" * 8
    finding = await _sessions(tmp_path, "secret", session_secret=Secret(secret))
    assert finding.state is State.OK
    assert "canary" not in str(finding)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_state_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert (await _sessions(tmp_path, "store")).state is State.FAILED
    tmp_path.chmod(0o700)


# What to register


@pytest.mark.parametrize(
    ("callback", "state", "words"),
    [
        ("https://headlamp.example.com/oidc-callback", State.OK, "https://headlamp.example.com/oidc-callback"),
        ("http://localhost:4466/oidc-callback", State.OK, "http://localhost:4466/oidc-callback"),
        ("http://headlamp.example.com/oidc-callback", State.FAILED, "plain http"),
        ("https://headlamp.example.com/callback", State.FAILED, "/oidc-callback"),
        ("", State.WARNING, ""),
    ],
)
async def test_the_exact_callback_url_is_told(tmp_path: Path, callback: str, state: State, words: str) -> None:
    examined = with_provider(settings_in(tmp_path), CONFIG, callback_url=callback)
    finding = found(await diagnose(examined, "registration"), "registration.callback")
    assert finding.state is state
    assert words in finding.found


async def test_the_urls_for_sign_out_are_told(tmp_path: Path, idp: MisbehavingProvider) -> None:
    urls = ("https://h.example.com/signed-out", "https://h.example.com/oidc-backchannel-logout")
    examined = with_provider(settings_in(tmp_path), config_of(idp), logout_urls=urls)
    finding = found(await diagnose(examined, "registration"), "registration.logout")
    assert all(url in finding.found for url in urls)
