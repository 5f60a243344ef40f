"""What surrounds the product in a demo: ports, files, texts."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import aiohttp
import yaml

from headlamp.demo import announcement
from headlamp.demo.launch import product_settings, surroundings
from headlamp.demo.listening import LOOPBACK, free_port
from headlamp.demo.options import DemoOptions
from headlamp.demo.people import everybody


def test_a_port_that_is_taken_gives_way_to_a_later_one() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_the_announcement_says_that_it_is_a_simulation_whom_to_be_and_where_to_go() -> None:
    text = announcement.ready(
        port=4467, wanted_port=4466, people=everybody(), pods=200, issuer="http://localhost:1", server="https://x"
    )
    assert "Port 4466 is taken; 4467 is used instead." in text
    assert "a simulation" in text
    assert all(person.name in text for person in everybody())
    assert text.splitlines()[-1] == "Open http://localhost:4467"


def test_nothing_is_said_of_a_port_that_is_free() -> None:
    text = announcement.ready(port=1, wanted_port=1, people=everybody(), pods=2, issuer="i", server="s")
    assert "taken" not in text


async def test_the_surroundings_are_reached_by_what_the_product_is_told(tmp_path: Path) -> None:
    options = DemoOptions(no_browser=True, pods=60)
    async with surroundings(options, 4466, tmp_path) as around, aiohttp.ClientSession() as http:
        settings = product_settings(around, 4466, tmp_path)
        metadata = f"{settings.oidc_idp_issuer_url}/.well-known/openid-configuration"
        assert (await (await http.get(metadata)).json())["issuer"] == settings.oidc_idp_issuer_url
        assert settings.listen_addr == LOOPBACK
        assert settings.session_store == "memory"


async def test_the_kubeconfig_holds_the_authority_and_nobodys_credentials(tmp_path: Path) -> None:
    async with surroundings(DemoOptions(pods=60), 4466, tmp_path) as around:
        config = yaml.safe_load(around.kubeconfig.read_text())
    assert config["users"] == [{"name": "demo", "user": {}}]
    assert set(config["clusters"][0]["cluster"]) == {"server", "certificate-authority-data"}
    assert stat.S_IMODE(around.kubeconfig.stat().st_mode) == 0o600


async def test_the_clients_secret_is_new_each_time_and_not_shown(tmp_path: Path) -> None:
    async with surroundings(DemoOptions(pods=60), 4466, tmp_path) as first:
        pass
    async with surroundings(DemoOptions(pods=60), 4466, tmp_path) as second:
        pass
    assert first.client.secret != second.client.secret
    assert first.client.secret not in repr(first)
