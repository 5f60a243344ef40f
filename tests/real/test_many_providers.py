"""Providers out of a kubeconfig, several of them at once; and clusters of one provider that want different tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.adversarial.entra import AKS_SERVER, CLIENT, SECRET_VALUE, EntraTenant, guid
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer, TrustedIssuer, authentication
from tests.real.stack.dex import CLIENT_ID, CLIENT_SECRET
from tests.real.stack.keycloak import CLIENT_SECRET as KEYCLOAK_SECRET
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.kubeconfig import kubeconfig_with_users
from tests.real.stack.people import ALICE, BOB
from tests.real.stack.product import Product
from tests.real.stack.tunable import TunableApiServer, beside
from tests.real.stack.whole import Stack
from tests.support.in_thread import in_thread

REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def _who(browser: Browser, product: Product, cluster: str) -> str | int:
    """What a cluster calls the user, or the status with which it refuses."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await browser.fetch(f"{product.url}/clusters/{cluster}{REVIEW}", method="POST", body=body)
    return str(answer.json()["status"]["userInfo"]["username"]) if answer.status == 201 else answer.status


@pytest.fixture(scope="module")
def by_kubeconfig(stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak) -> Product:
    """A product that has its providers from the users of a kubeconfig alone, as kubectl has them."""
    port = stack.product_port()
    keycloak.register("headlamp-kubectl", f"http://localhost:{port}")
    server = keycloak_cluster.url
    users: dict[str, dict[str, Any]] = {
        "of-keycloak": {
            "auth-provider": {
                "name": "oidc",
                "config": {
                    "idp-issuer-url": keycloak.issuer,
                    "client-id": "headlamp-kubectl",
                    "client-secret": KEYCLOAK_SECRET,
                    "extra-scopes": "profile,email",
                    "idp-certificate-authority": str(stack.web_pki.ca),
                },
            }
        },
        "of-dex": {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "kubectl",
                "args": [
                    "oidc-login",
                    "get-token",
                    f"--oidc-issuer-url={stack.dex.issuer}",
                    f"--oidc-client-id={CLIENT_ID}",
                    f"--oidc-client-secret={CLIENT_SECRET}",
                    "--oidc-extra-scope=email",
                    "--oidc-extra-scope=groups,offline_access",
                    f"--certificate-authority={stack.web_pki.ca}",
                ],
            }
        },
    }
    contexts = {"kc-1": (server, "of-keycloak"), "kc-2": (server, "of-keycloak"), "dex-1": (server, "of-dex")}
    config = kubeconfig_with_users(contexts, users, stack.cluster.identity.pki.ca)
    return stack.serve(port, None, config=config)


@pytest.mark.keycloak
async def test_one_sign_in_is_good_for_all_clusters_of_its_provider_and_two_providers_stand_side_by_side(
    by_kubeconfig: Product, browser: Browser
) -> None:
    product = by_kubeconfig
    await browser.sign_in(product.url, ALICE, cluster="kc-1")
    assert [await _who(browser, product, name) for name in ("kc-1", "kc-2", "dex-1")] == ["kc:alice", "kc:alice", 401]
    # Somebody else there: each cluster gets the person who signed in at its own provider.
    await browser.sign_in(product.url, BOB, cluster="dex-1")
    assert [await _who(browser, product, name) for name in ("kc-1", "kc-2", "dex-1")] == [
        "kc:alice",
        "kc:alice",
        BOB.username,
    ]
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    assert [provider["signed_in"] for provider in session["providers"]] == [True, True]
    assert {cluster["name"]: cluster["accepted"] for cluster in session["clusters"]} == {
        "kc-1": True,
        "kc-2": True,
        "dex-1": True,
    }


@pytest.mark.keycloak
async def test_signing_out_ends_both_and_says_of_whom_it_could_not(by_kubeconfig: Product, browser: Browser) -> None:
    product = by_kubeconfig
    await browser.sign_in(product.url, ALICE, cluster="dex-1")
    await browser.sign_in(product.url, ALICE, cluster="kc-1")
    answer = await browser.fetch(f"{product.url}/api/session", method="DELETE")
    ended = answer.json()
    # Keycloak has a place to end its own session; Dex has none, and the next sign-in there may not ask.
    landed = await browser.navigate(ended["redirect"], from_page=f"{product.url}/")
    assert landed.url.path == "/signed-out"
    assert "127.0.0.1" in ended["message"]
    assert "127.0.0.1" in landed.text
    assert [await _who(browser, product, name) for name in ("kc-1", "dex-1")] == [401, 401]


@pytest.fixture(scope="module")
def tenant(stack: Stack, api_server: ApiServer) -> Iterator[EntraTenant]:
    """An emulated tenant of Entra ID."""
    made = EntraTenant(tls=stack.web_pki.server("entra").server_context())
    with in_thread(made, stack.cluster.ports.take()):
        yield made


def _taking(stack: Stack, name: str, issuer: TrustedIssuer) -> TunableApiServer:
    server = beside(stack.cluster.api_server, stack.cluster.ports.take(), name)
    server.restart(configuration=authentication([issuer]))
    return server


async def test_s5_s6_clusters_of_one_sign_in_get_the_token_that_each_of_them_wants(
    request: pytest.FixtureRequest, stack: Stack, api_server: ApiServer, tenant: EntraTenant, browser: Browser
) -> None:
    pem = stack.web_pki.pem
    takes_access_tokens = TrustedIssuer(tenant.sts_issuer, AKS_SERVER, pem, prefix="aks:", username_claim="oid")
    takes_id_tokens = TrustedIssuer(tenant.issuer, CLIENT, pem, prefix="own:", username_claim="oid")
    of_access = await asyncio.to_thread(_taking, stack, "kube-apiserver-of-access-tokens", takes_access_tokens)
    request.addfinalizer(of_access.kill)
    of_id = await asyncio.to_thread(_taking, stack, "kube-apiserver-of-id-tokens", takes_id_tokens)
    request.addfinalizer(of_id.kill)
    user = {
        "auth-provider": {
            "name": "oidc",
            "config": {
                "idp-issuer-url": tenant.issuer,
                "client-id": CLIENT,
                "client-secret": SECRET_VALUE,
                "extra-scopes": f"{AKS_SERVER}/user.read,profile,offline_access",
                "idp-certificate-authority": str(stack.web_pki.ca),
            },
        }
    }
    wants_access_token = {
        "useAccessToken": True,
        "validatorClientId": AKS_SERVER,
        "validatorIdpIssuerUrl": tenant.sts_issuer,
    }
    config = kubeconfig_with_users(
        {"aks": (of_access.url, "entra"), "own": (of_id.url, "entra")},
        {"entra": user},
        stack.cluster.identity.pki.ca,
        extensions={"aks": wants_access_token},
    )
    product = await asyncio.to_thread(stack.serve, stack.product_port(), None, config=config)
    await browser.sign_in(product.url, ALICE, cluster="own")
    assert tenant.calls("authorize") == 1
    assert await _who(browser, product, "aks") == f"aks:{guid('alice')}"
    assert await _who(browser, product, "own") == f"own:{guid('alice')}"
