"""The application as a process: how it starts, how it fails to, and whose credentials it works with."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.certificates import Authority
from tests.support.whole import whole_server

from headlamp.app import Running, announce, build, run
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.transports import CLIENTS
from headlamp.oidc.http import trust
from headlamp.sessions.errors import SecretUnusable
from headlamp.settings import Secret, Settings, kinds
from headlamp.web.services import SERVICES

LIST = "/clusters/main/api/v1/pods"
NO_PROVIDER: dict[str, Any] = {"oidc_client_id": "", "oidc_client_secret": None, "oidc_idp_issuer_url": ""}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _settings(folder: Path, **changes: Any) -> Settings:
    chosen: dict[str, Any] = {
        "listen_addr": "127.0.0.1",
        "port": 0,
        "kubeconfig": str(folder / "none"),
        "state_dir": folder / "state",
    }
    return Settings(**{**chosen, **changes})


def test_a_port_that_is_taken_ends_the_program_with_words(
    tmp_path: Path, taken_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(_settings(tmp_path, port=taken_port)) == 1
    err = capsys.readouterr().err
    assert f"Can't listen on port {taken_port}" in err
    assert "-port" in err
    assert "Traceback" not in err


def test_a_folder_that_can_t_keep_the_secret_ends_the_program_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(_settings(tmp_path, state_dir=tmp_path / "file" / "state")) == 1
    err = capsys.readouterr().err
    assert "-state-dir" in err
    assert "Traceback" not in err


async def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = _settings(tmp_path, session_store="memory")
    build(settings)
    secret = tmp_path / "state" / "session-secret"
    made = secret.read_bytes()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(made) >= 32
    build(settings)
    assert secret.read_bytes() == made


async def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = _settings(tmp_path, session_store="memory")
    build(settings)
    (tmp_path / "state" / "session-secret").chmod(0o644)
    with pytest.raises(SecretUnusable):
        build(settings)


async def test_a_secret_that_is_given_leaves_no_file(tmp_path: Path) -> None:
    build(_settings(tmp_path, session_store="memory", session_secret=Secret("s" * 32)))
    assert not (tmp_path / "state" / "session-secret").exists()


@pytest.mark.parametrize("name", CLIENTS)
async def test_clusters_are_asked_by_the_client_that_is_set(tmp_path: Path, name: str) -> None:
    assert kinds.CLUSTER_CLIENT.read(name) == name
    services = build(_settings(tmp_path, cluster_client=name))[SERVICES]
    assert type(services.transports.for_cluster(Cluster("one", "one", "https://one"))) is CLIENTS[name]


async def test_a_session_outlives_a_restart_in_the_sqlite_store(tmp_path: Path) -> None:
    async with whole_server(tmp_path, session_store="sqlite") as whole, whole.browser() as browser:
        await browser.sign_in()
        value = next(value for name, value in browser.cookies().items() if "login" not in name)
    async with whole_server(tmp_path, session_store="sqlite") as whole, whole.browser() as browser:
        cookie = {"Cookie": f"headlamp-{whole.running.port}={value}"}
        session = await (await browser.get("/api/session", headers=cookie)).json()
        assert session["signed_in"] is True


async def test_the_authority_of_the_provider_may_be_named_in_any_language(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_text(f"# Főtanúsítvány\n{Authority().pem}", "utf-8")
    provider = {"oidc_client_id": "ui", "oidc_idp_issuer_url": "https://idp.example", "oidc_ca_file": authority}
    (party,) = build(_settings(tmp_path, **provider))[SERVICES].providers.values()
    trust(party.config.ca_pem)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_url": "https://ui.example"}, False),
        ({"public_url": "http://ui.example"}, True),
        ({"public_url": "http://localhost:4466"}, False),
        ({"public_url": "http://ui.example", "insecure_cookie": True}, False),
    ],
)
async def test_what_nobody_can_work_with_is_said_at_the_start(
    tmp_path: Path, changes: dict[str, Any], said: bool
) -> None:
    settings = _settings(
        tmp_path, oidc_client_id="ui", oidc_idp_issuer_url="https://idp.example", session_store="memory", **changes
    )
    with capture_logs() as entries:
        announce(settings, Running(build(settings), 4466))
    warnings = [entry["event"] for entry in entries if entry["log_level"] == "warning"]
    assert [event for event in warnings if "-kubeconfig" in event]
    assert bool([event for event in warnings if "plain http" in event]) is said


async def test_on_a_laptop_without_a_provider_the_kubeconfig_s_own_user_speaks(tmp_path: Path) -> None:
    async with whole_server(tmp_path, **NO_PROVIDER) as whole, whole.browser() as browser:
        assert (await browser.get(LIST)).status == 200
        assert whole.upstream.last.values("Authorization") == ["Bearer kubeconfig-token"]
        session = await (await browser.get("/api/session")).json()
        assert (session["local"], session["signed_in"]) == (True, False)


async def test_b10_on_a_laptop_a_rebound_name_reaches_nothing(tmp_path: Path) -> None:
    async with whole_server(tmp_path, **NO_PROVIDER) as whole, whole.browser() as browser:
        rebound = await browser.get(LIST, headers={"Host": f"evil.example:{whole.running.port}"})
        foreign = await browser.get(LIST, headers={"Origin": "https://evil.example"})
        assert (rebound.status, foreign.status) == (421, 403)
        assert whole.upstream.requests == []


@pytest.mark.parametrize("listen_addr", ["", "0.0.0.0", "::", "192.0.2.1", "laptop.example"])
async def test_e4_only_an_address_of_the_machine_itself_makes_a_laptop(tmp_path: Path, listen_addr: str) -> None:
    app = build(_settings(tmp_path, listen_addr=listen_addr, session_store="memory"))
    assert not app[SERVICES].local_credentials


async def test_e4_where_others_can_connect_the_kubeconfig_s_own_user_is_silent(tmp_path: Path) -> None:
    async with whole_server(tmp_path, **NO_PROVIDER, listen_addr="0.0.0.0") as whole, whole.browser() as browser:
        assert (await browser.get(LIST)).status == 401
        assert whole.upstream.requests == []


async def test_e4_with_a_provider_no_cluster_is_read_with_credentials_of_its_own(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole:
        services = whole.running.app[SERVICES]
        assert not services.local_credentials
        assert [cluster.local_credentials for cluster in services.clusters.all()] == [None]
        assert "kubeconfig-token" not in json.dumps([repr(cluster) for cluster in services.clusters.all()])
