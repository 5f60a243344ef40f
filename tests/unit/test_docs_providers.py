"""The pages of docs/providers agree with themselves and with the program: settings, API server, registration, words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.support.docs_settings import PROVIDERS, Documented, blocks, documented

from headlamp.oidc import cluster_token, errors
from headlamp.problems import Problem

PAGES = sorted(path.stem for path in PROVIDERS.glob("*.md") if path.stem != "README")
PUBLIC = "https://headlamp.example.com"
# Two commands on one page: the one that sends ID tokens is what the API server's flags belong to.
COMMANDS = {"entra-id": "# for an API server of your own"}


def command(page: str) -> Documented:
    """The page's command, with a secret that this machine has."""
    return documented(page, {"/run/secrets/headlamp-oidc": __file__}, containing=COMMANDS.get(page, "headlamp serve"))


def argument(page: str, name: str) -> str:
    """The value of a flag of the page's command."""
    return next(word.partition("=")[2] for word in command(page).arguments if word.startswith(f"-{name}="))


def flags(page: str) -> dict[str, str]:
    """The API server's flags that the page shows."""
    (text,) = (text for language, text in blocks(page) if language == "text" and "--oidc-issuer-url" in text)
    return {line.partition("=")[0]: line.partition("=")[2] for line in text.split()}


def configurations(page: str) -> Iterator[dict[str, Any]]:
    """Every `AuthenticationConfiguration` that the page shows."""
    for language, text in blocks(page):
        if language == "yaml" and "AuthenticationConfiguration" in text:
            yield yaml.safe_load(text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_a_command_that_the_program_understands(page: str) -> None:
    settings = command(page).settings()
    assert settings.oidc_configured
    assert settings.public_url == PUBLIC


@pytest.mark.parametrize("page", PAGES)
def test_the_api_servers_flags_name_the_same_issuer_and_client(page: str) -> None:
    shown = flags(page)
    assert shown["--oidc-issuer-url"] == argument(page, "oidc-idp-issuer-url")
    assert shown["--oidc-client-id"] == argument(page, "oidc-client-id")
    assert shown["--oidc-username-claim"]


@pytest.mark.parametrize("page", ["keycloak", "dex", "entra-id", "zitadel"])
def test_the_authentication_configuration_is_one_and_says_what_the_flags_say(page: str) -> None:
    first, *_ = configurations(page)
    assert (first["apiVersion"], first["kind"]) == ("apiserver.config.k8s.io/v1", "AuthenticationConfiguration")
    (authenticator,) = first["jwt"]
    shown = flags(page)
    assert authenticator["issuer"]["url"] == shown["--oidc-issuer-url"]
    assert authenticator["issuer"]["audiences"] == [shown["--oidc-client-id"]]
    mappings = authenticator["claimMappings"]
    assert mappings["username"]["claim"] == shown["--oidc-username-claim"]
    assert mappings["username"]["prefix"] == shown.get("--oidc-username-prefix", "")
    if "--oidc-groups-claim" in shown:
        assert mappings["groups"]["claim"] == shown["--oidc-groups-claim"]
        assert mappings["groups"]["prefix"] == shown.get("--oidc-groups-prefix", "")


def test_keycloaks_client_is_registered_with_addresses_that_there_are() -> None:
    (text,) = (text for language, text in blocks("keycloak") if language == "json")
    client = json.loads(text)
    assert client["clientId"] == argument("keycloak", "oidc-client-id")
    assert client["redirectUris"] == [f"{PUBLIC}/oidc-callback"]
    assert client["attributes"]["post.logout.redirect.uris"] == f"{PUBLIC}/signed-out"
    assert client["attributes"]["backchannel.logout.url"] == f"{PUBLIC}/oidc-backchannel-logout"


def test_dexs_client_is_registered_with_the_callback_url() -> None:
    text = next(text for language, text in blocks("dex") if "staticClients" in text)
    config = yaml.safe_load(text)
    (client,) = config["staticClients"]
    assert config["issuer"] == argument("dex", "oidc-idp-issuer-url")
    assert (client["id"], client["redirectURIs"]) == (argument("dex", "oidc-client-id"), [f"{PUBLIC}/oidc-callback"])


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_that_people_see_is_what_the_program_says(page: str) -> None:
    known = {
        kind.title
        for module in (errors, cluster_token)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Problem)
    }
    text = " ".join((PROVIDERS / f"{page}.md").read_text(encoding="utf-8").split())
    said = re.findall(r"\*(The (?:identity provider|ID token|access token|token for)[^*]*)\*", text)
    assert [words for words in said if words not in known and not any(title.startswith(words) for title in known)] == []


@pytest.mark.parametrize("page", [*PAGES, "README"])
def test_no_link_of_a_page_leads_nowhere(page: str) -> None:
    text = (PROVIDERS / f"{page}.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (PROVIDERS / link).exists()] == []


def test_a_name_that_a_page_does_not_have_is_an_error_and_so_is_a_block_that_it_has_twice() -> None:
    with pytest.raises(AssertionError, match="no 'https://gone' to replace"):
        documented("dex", {"https://gone": "https://idp.example"})
    with pytest.raises(AssertionError, match="2 blocks"):
        documented("entra-id", {})
