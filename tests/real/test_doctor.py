"""`headlamp doctor` beside real providers, a real API server and nginx: all is well, or one thing is wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.oidc_client import callback
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product, product_environment
from tests.real.stack.whole import Stack

pytestmark = [pytest.mark.keycloak, pytest.mark.nginx]

TIMEOUT_S = 120
ONLY_PROVIDER = ("--skip=ingress,cluster,token,sessions",)


@dataclass(frozen=True)
class Report:
    """What the doctor says, and its exit status."""

    status: int
    checks: Sequence[dict[str, Any]]

    def of_state(self, *states: str) -> dict[str, str]:
        """The checks of some states: what each has found, by its id."""
        return {
            check["id"]: f"{check['found']} {check['why']} {check['remedy']}"
            for check in self.checks
            if check["state"] in states
        }


async def examine(product: Product, *options: str) -> Report:
    """Run it with the settings of a product."""
    return await asyncio.to_thread(_examine, product, options)


def _examine(product: Product, options: Sequence[str]) -> Report:
    run = subprocess.run(
        [sys.executable, "-m", "headlamp", "doctor", "--json", *options, *product.settings()],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        # It is to judge nginx's certificate as browsers do, which know the authority.
        env=product_environment() | {"SSL_CERT_FILE": str(product.place.folder / "web" / "ca.crt")},
        cwd=product.place.folder,
    )
    assert run.returncode in (0, 1), run.stderr
    return Report(run.returncode, json.loads(run.stdout)["checks"])


@pytest.fixture(scope="module", params=["keycloak", "dex"])
def served(
    request: pytest.FixtureRequest, stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak, nginx_path: str
) -> Product:
    """A product for each provider, behind nginx, and set up as it should be."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    client = stack.dex.client if request.param == "dex" else keycloak.register("headlamp-doctor", door.url)
    config = kubeconfig({"lab": keycloak_cluster.url}, stack.cluster.identity.pki.ca)
    name = f"headlamp-doctor-{request.param}"
    return stack.serve(port, client, f"-public-url={door.url}", config=config, name=name)


async def test_where_everything_is_right_the_doctor_says_so(served: Product, browser: Browser, tmp_path: Path) -> None:
    # A session's own token is shown to the cluster too.
    await browser.sign_in(_address(served), ALICE)
    cookie = tmp_path / "cookie"
    cookie.write_text(next(value for name, value in browser.cookies.items() if name.startswith("__Host-headlamp")))
    report = await examine(served, f"--as-session={cookie}")
    assert report.of_state("failed", "warning") == {}
    # Keycloak does not say what time it is.
    assert report.of_state("skipped").keys() <= {"provider.clock"}
    assert report.status == 0
    found = report.of_state("ok")
    assert callback(_address(served)) in found["registration.callback"]
    for check in ("provider.client", "provider.redirect", "ingress.forwarded", "ingress.websocket", "token.accepted"):
        assert check in found


async def test_a_wrong_secret_is_found(served: Product) -> None:
    report = await examine(_with(served, secret="not-the-secret"), *ONLY_PROVIDER)
    assert report.of_state("failed").keys() == {"provider.client"}
    assert "-oidc-client-secret-file" in report.of_state("failed")["provider.client"]
    assert report.status == 1


async def test_a_client_that_the_provider_does_not_know_is_found(served: Product) -> None:
    report = await examine(_with(served, client_id="nobody"), *ONLY_PROVIDER)
    assert report.of_state("failed").keys() >= {"provider.client"}
    assert "-oidc-client-id" in report.of_state("failed")["provider.client"]


async def test_a_callback_url_that_is_not_registered_is_found(served: Product) -> None:
    wrong = dataclasses.replace(served, options=("-public-url=https://headlamp.example.com",))
    report = await examine(wrong, *ONLY_PROVIDER)
    assert report.of_state("failed").keys() == {"provider.redirect"}
    assert "https://headlamp.example.com/oidc-callback" in report.of_state("failed")["provider.redirect"]


async def test_an_issuer_with_a_slash_too_many_is_found(served: Product) -> None:
    assert served.client is not None
    report = await examine(_with(served, issuer=f"{served.client.issuer}/"), *ONLY_PROVIDER)
    assert report.of_state("failed").keys() == {"provider.issuer"}
    assert "slash" in report.of_state("failed")["provider.issuer"]
    assert report.status == 1


async def test_a_scope_that_the_provider_does_not_have_is_found(served: Product) -> None:
    report = await examine(_with(served, scopes=("profile", "no-such-scope")), *ONLY_PROVIDER)
    told = report.of_state("failed", "warning")
    assert any("no-such-scope" in text for text in told.values()), told


async def test_an_ingress_that_lets_no_websocket_through_is_found(stack: Stack, nginx_path: str) -> None:
    port = stack.product_port()
    door = stack.nginx(nginx_path, port, upgrades=False)
    product = await asyncio.to_thread(stack.serve, port, stack.dex.client, f"-public-url={door.url}")
    report = await examine(product, "--skip=cluster,provider,token")
    assert report.of_state("failed", "warning").keys() == {"ingress.websocket"}
    assert "Upgrade" in report.of_state("failed", "warning")["ingress.websocket"]


async def test_a_cluster_that_does_not_take_the_token_is_found(
    stack: Stack, strict_api_server: ApiServer, product: Product, browser: Browser, tmp_path: Path
) -> None:
    await browser.sign_in(product.url, ALICE)
    cookie = tmp_path / "cookie"
    cookie.write_text(next(value for name, value in browser.cookies.items() if "headlamp" in name))
    report = await examine(product, f"--as-session={cookie}", "--skip=ingress")
    failed = [check for check in report.checks if check["state"] == "failed"]
    assert [(check["id"], check["subject"]) for check in failed] == [("token.accepted", "strict")]


def _address(product: Product) -> str:
    """Where people open it."""
    (option,) = (one for one in product.options if one.startswith("-public-url="))
    return option.partition("=")[2]


def _with(product: Product, **changes: Any) -> Product:
    """The settings of a product with something wrong in them; it is not started."""
    assert product.client is not None
    return dataclasses.replace(
        product, client=dataclasses.replace(product.client, **changes), name=f"{product.name}-wrong"
    )
