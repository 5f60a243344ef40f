"""What the pages of docs/providers tell people to type, typed: at the provider, at the API server and here.

Only what every reader has to replace is replaced: host names, secrets, ids; and an authority of one's own is added.
"""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from tests.adversarial.entra import CLIENT, SECRET_VALUE, TENANT, EntraTenant, guid
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.dex import CLIENT_SECRET as DEX_SECRET
from tests.real.stack.dex import Dex
from tests.real.stack.keycloak import CLIENT_SECRET as KEYCLOAK_SECRET
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.nginx import Nginx
from tests.real.stack.people import ALICE
from tests.real.stack.tunable import TunableApiServer, beside
from tests.real.stack.whole import Stack
from tests.support.docs_settings import block, documented
from tests.support.in_thread import in_thread

pytestmark = pytest.mark.nginx

PUBLIC = "https://headlamp.example.com"
SECRET_FILE = "/run/secrets/headlamp-oidc"
REVIEW = "/clusters/page/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Form(enum.Enum):
    """The two ways to tell an API server whom to trust."""

    FILE = ("yaml", "AuthenticationConfiguration")
    FLAGS = ("text", "--oidc-issuer-url")

    def block(self, page: str, names: Mapping[str, str], *, containing: str = "") -> str:
        """What a page has for it."""
        language, always = self.value
        return block(page, language, names, containing=containing or always)


FORMS = pytest.mark.parametrize("form", Form, ids=lambda form: form.name.lower())


@pytest.fixture(scope="module")
def by_page(stack: Stack, api_server: ApiServer) -> Iterator[TunableApiServer]:
    """An API server that is set up as a page says."""
    server = beside(api_server, stack.cluster.ports.take(), "kube-apiserver-by-page")
    yield server
    server.kill()


@pytest.mark.keycloak
@FORMS
async def test_s7_keycloak_as_its_page_says(
    stack: Stack, by_page: TunableApiServer, keycloak: Keycloak, nginx_path: str, browser: Browser, form: Form
) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    realm = {"https://keycloak.example.com/realms/kubernetes": keycloak.issuer}
    client = json.loads(block("keycloak", "json", {PUBLIC: door.url, "CLIENT_SECRET": KEYCLOAK_SECRET}))
    await asyncio.to_thread(keycloak.admin.put_client, client | {"clientId": "headlamp-page"})
    audience = "- headlamp\n" if form is Form.FILE else "--oidc-client-id=headlamp\n"
    text = form.block("keycloak", realm | {audience: audience.replace("headlamp", "headlamp-page")})
    await asyncio.to_thread(_trust, by_page, stack, form, text)
    secret = stack.place.write("by-page/keycloak-secret", KEYCLOAK_SECRET)
    page = documented(
        "keycloak",
        realm
        | {
            PUBLIC: door.url,
            SECRET_FILE: str(secret),
            "-oidc-client-id=headlamp": "-oidc-client-id=headlamp-page",
        },
    )
    await asyncio.to_thread(_serve, stack, by_page, port, page.arguments)
    await browser.sign_in(door.url, ALICE, cluster="page")
    user = await _who(browser, door)
    assert user["username"] == "keycloak:alice"
    assert set(user["groups"]) == {*(f"keycloak:{group}" for group in ALICE.groups), "system:authenticated"}


@FORMS
async def test_s9_dex_as_its_page_says(
    stack: Stack, by_page: TunableApiServer, nginx_path: str, browser: Browser, form: Form
) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    dex = Dex(stack.place, stack.dex.binary, stack.web_pki, stack.cluster.ports.take(), (), name=f"dex-by-page-{port}")
    issuer = {"https://dex.example.com": dex.issuer}
    names = issuer | {PUBLIC: door.url, "CLIENT_SECRET": DEX_SECRET}
    said = yaml.safe_load(block("dex", "yaml", names, containing="staticClients"))
    await asyncio.to_thread(dataclasses.replace(dex, said=said).start)
    await asyncio.to_thread(_trust, by_page, stack, form, form.block("dex", issuer))
    secret = stack.place.write("by-page/dex-secret", DEX_SECRET)
    page = documented("dex", issuer | {PUBLIC: door.url, SECRET_FILE: str(secret)})
    await asyncio.to_thread(_serve, stack, by_page, port, page.arguments)
    await browser.sign_in(door.url, ALICE, cluster="page")
    user = await _who(browser, door)
    assert user["username"] == ALICE.email
    assert set(user["groups"]) == {*ALICE.groups, "system:authenticated"}


@pytest.fixture(scope="module")
def tenant(stack: Stack, api_server: ApiServer) -> Iterator[EntraTenant]:
    """An emulated tenant of Entra ID."""
    made = EntraTenant(tls=stack.web_pki.server("entra").server_context())
    with in_thread(made, stack.cluster.ports.take()):
        yield made


def _hosts(tenant: EntraTenant) -> dict[str, str]:
    """The hosts of Microsoft, in front of the tenant's id."""
    return {
        "https://login.microsoftonline.com/TENANT_ID": f"{tenant.origin}/{TENANT}",
        "https://sts.windows.net/TENANT_ID/": tenant.sts_issuer,
    }


async def test_s5_s6_s8_entra_id_as_its_page_says_for_aks(
    stack: Stack, by_page: TunableApiServer, tenant: EntraTenant, nginx_path: str, browser: Browser
) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    secret = stack.place.write("by-page/entra-secret", SECRET_VALUE)
    page = documented(
        "entra-id",
        _hosts(tenant) | {PUBLIC: door.url, SECRET_FILE: str(secret), "APPLICATION_ID": CLIENT},
        containing="-oidc-use-access-token",
    )
    await _access_token_is_taken(stack, by_page, tenant, door, port, page.arguments, browser)


async def test_s5_s6_s8_entra_id_as_the_seed_document_says(
    stack: Stack, by_page: TunableApiServer, tenant: EntraTenant, nginx_path: str, browser: Browser
) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    arguments = (
        "-oidc-client-id",
        CLIENT,
        "-oidc-client-secret",
        SECRET_VALUE,
        "-oidc-idp-issuer-url",
        f"{tenant.origin}/{TENANT}/v2.0",
        "-oidc-scopes",
        "6dae42f8-4368-4678-94ff-3960e28e3630/user.read,openid,email,profile",
        "--oidc-validator-idp-issuer-url",
        tenant.sts_issuer,
        "-oidc-validator-client-id",
        "6dae42f8-4368-4678-94ff-3960e28e3630",
        "-oidc-use-access-token=true",
    )
    await _access_token_is_taken(stack, by_page, tenant, door, port, arguments, browser)


async def _access_token_is_taken(
    stack: Stack,
    by_page: TunableApiServer,
    tenant: EntraTenant,
    door: Nginx,
    port: int,
    arguments: tuple[str, ...],
    browser: Browser,
) -> None:
    """By an API server that trusts the issuer of access tokens, and nobody else."""
    trust = block(
        "entra-id", "yaml", {"https://sts.windows.net/TENANT_ID/": tenant.sts_issuer}, containing="sts.windows"
    )
    await asyncio.to_thread(_trust, by_page, stack, Form.FILE, trust)
    await asyncio.to_thread(_serve, stack, by_page, port, arguments)
    await browser.sign_in(door.url, ALICE, cluster="page")
    user = await _who(browser, door)
    assert user["username"] == f"entra:{guid('alice')}"
    assert set(user["groups"]) == {
        *(f"entra:{group}" for group in tenant.people["alice"]["groups"]),
        "system:authenticated",
    }


@FORMS
async def test_s8_entra_id_as_its_page_says_for_an_api_server_of_ones_own(
    stack: Stack, by_page: TunableApiServer, tenant: EntraTenant, nginx_path: str, browser: Browser, form: Form
) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    issuer = {"https://login.microsoftonline.com/TENANT_ID": f"{tenant.origin}/{TENANT}", "APPLICATION_ID": CLIENT}
    text = form.block("entra-id", issuer, containing="login.microsoftonline.com")
    await asyncio.to_thread(_trust, by_page, stack, form, text)
    secret = stack.place.write("by-page/entra-secret", SECRET_VALUE)
    names = issuer | {PUBLIC: door.url, SECRET_FILE: str(secret)}
    page = documented("entra-id", names, containing="for an API server of your own")
    await asyncio.to_thread(_serve, stack, by_page, port, page.arguments)
    await browser.sign_in(door.url, ALICE, cluster="page")
    assert (await _who(browser, door))["username"] == f"entra:{guid('alice')}"


def _trust(server: TunableApiServer, stack: Stack, form: Form, text: str) -> None:
    """Start the API server with what a page says, and with the authority of the provider's certificate."""
    if form is Form.FLAGS:
        server.restart(oidc_flags=[*text.split(), f"--oidc-ca-file={stack.web_pki.ca}"])
        return
    configuration = yaml.safe_load(text)
    for authenticator in configuration["jwt"]:
        authenticator["issuer"]["certificateAuthority"] = stack.web_pki.pem
    server.restart(configuration=json.dumps(configuration))


def _serve(stack: Stack, server: TunableApiServer, port: int, arguments: tuple[str, ...]) -> None:
    config = kubeconfig({"page": server.url}, stack.cluster.identity.pki.ca)
    stack.serve(port, None, *arguments, f"-oidc-ca-file={stack.web_pki.ca}", config=config)


async def _who(browser: Browser, door: Nginx) -> dict[str, Any]:
    """Who the API server takes the user for."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await browser.fetch(f"{door.url}{REVIEW}", method="POST", body=body)
    assert answer.status == 201, answer.text
    user: dict[str, Any] = answer.json()["status"]["userInfo"]
    return user
