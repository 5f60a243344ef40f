"""The ways in which a client proves itself to Keycloak, and the algorithms that its tokens are signed with."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey, RSAKey
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.nginx import Nginx
from tests.real.stack.people import ALICE, BOB, TEAM_A
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

pytestmark = pytest.mark.keycloak

MAPS = f"/clusters/lab/api/v1/namespaces/{TEAM_A}/configmaps"
# Half of that, and tokens are renewed.
LIFETIME_S = 6
ES256 = {"id.token.signed.response.alg": "ES256", "access.token.signed.response.alg": "ES256"}


async def _works_beyond_the_first_token(browser: Browser, keycloak: Keycloak, product: Product, client_id: str) -> None:
    """Sign in, list, and list again when the tokens have been renewed: a client proves itself each time."""
    await browser.sign_in(product.url, BOB)
    for _ in range(LIFETIME_S * 4):
        listed = await browser.fetch(f"{product.url}{MAPS}")
        assert listed.status == 200, listed.text
        renewed = await asyncio.to_thread(keycloak.admin.events, "REFRESH_TOKEN", client_id=client_id, person=BOB.name)
        assert all(event["type"] == "REFRESH_TOKEN" for event in renewed), renewed
        if renewed:
            break
        await asyncio.sleep(0.5)
    assert renewed
    # Its last proof is the revocation.
    assert (await browser.fetch(f"{product.url}/api/session", method="DELETE")).status == 200
    revoked = await asyncio.to_thread(keycloak.admin.events, "REVOKE_GRANT", client_id=client_id, person=BOB.name)
    assert [event["type"] for event in revoked] == ["REVOKE_GRANT"]


async def test_a_public_client_needs_no_secret(
    stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak, browser: Browser
) -> None:
    port = stack.product_port()
    client = keycloak.register("headlamp-public", f"http://localhost:{port}", public=True, lifetime=LIFETIME_S)
    assert client.secret is None
    product = await asyncio.to_thread(stack.serve, port, client)
    await _works_beyond_the_first_token(browser, keycloak, product, "headlamp-public")


@pytest.mark.parametrize(
    ("form", "key"),
    [("pem", ECKey.generate_key("P-256")), ("jwk", RSAKey.generate_key(2048))],
    ids=["PEM of a P-256 key", "JWK of an RSA key"],
)
async def test_a_client_proves_itself_by_a_private_key(
    stack: Stack,
    keycloak_cluster: ApiServer,
    keycloak: Keycloak,
    browser: Browser,
    form: str,
    key: ECKey | RSAKey,
) -> None:
    client_id = f"headlamp-keys-{form}"
    port = stack.product_port()
    kid = key.thumbprint()
    text = key.as_pem(private=True).decode() if form == "pem" else json.dumps(key.as_dict(private=True, kid=kid))
    public = key.as_dict(private=False, kid=kid, use="sig")
    client = keycloak.register(
        client_id,
        f"http://localhost:{port}",
        lifetime=LIFETIME_S,
        key=stack.place.write(f"{client_id}/key", text),
        attributes={"use.jwks.string": "true", "jwks.string": json.dumps({"keys": [public]})},
    )
    product = await asyncio.to_thread(stack.serve, port, client)
    await _works_beyond_the_first_token(browser, keycloak, product, client_id)


async def test_id_tokens_of_another_algorithm_are_taken_when_that_is_set_and_told_when_not(
    stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak, browser: Browser
) -> None:
    port = stack.product_port()
    client = keycloak.register("headlamp-es256", f"http://localhost:{port}", attributes=ES256)
    product = await asyncio.to_thread(stack.serve, port, client, name="headlamp-rs256")
    asked = await browser.navigate(f"{product.url}/oidc?cluster=lab&return_to=/", from_page=product.url)
    refused = await browser.prove(asked, ALICE)
    assert refused.status >= 400
    assert "-oidc-signing-algs" in refused.text
    assert "ES256" in refused.text

    await asyncio.to_thread(product.stop)
    product = await asyncio.to_thread(stack.serve, port, client, "-oidc-signing-algs=ES256", name="headlamp-es256")
    await browser.sign_in(product.url, ALICE)
    listed = await browser.fetch(f"{product.url}{MAPS}")
    assert listed.status == 200, listed.text


@pytest.mark.nginx
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_sign_in_that_another_page_starts_goes_to_the_provider_and_ends_where_that_page_wanted(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser, method: str
) -> None:
    wanted = {
        "iss": keycloak.issuer,
        "login_hint": ALICE.email,
        "target_link_uri": f"{keycloak_door.url}/c/lab/pods?ns={TEAM_A}",
    }
    query = f"?{urlencode(wanted)}" if method == "GET" else ""
    asked = await browser.navigate(
        f"{keycloak_door.url}/oidc-initiate{query}",
        form=wanted if method == "POST" else None,
        from_page="https://portal.example.com/",
    )
    assert asked.url.host == "localhost"
    assert asked.url.path.startswith("/realms/"), asked.text[:500]
    # Keycloak has filled in the name.
    assert ALICE.email in asked.text
    landed = await browser.prove(asked, ALICE)
    assert str(landed.url) == wanted["target_link_uri"]
    assert (await browser.fetch(f"{keycloak_door.url}{MAPS}")).status == 200
