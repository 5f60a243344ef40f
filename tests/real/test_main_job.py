"""The main job, as a person does it in Chromium: from a deep link through Dex to the pods, and out again."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, WebSocket, expect, sync_playwright
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.cluster import NODES
from tests.real.stack.kwok import PodLog
from tests.real.stack.objects import phase, pod
from tests.real.stack.people import DANA, PASSWORD
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack
from tests.support.browsing import Held, until
from tests.support.chromium import FLAGS, PATIENCE_MS

from headlamp.clusters.transports import CLIENTS

pytestmark = pytest.mark.browser

NAMESPACE = "shop"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
COUNT = 500
RUNNING_WITHIN_S = 120.0


@pytest.fixture(scope="module")
def five_hundred_pods(api_server: ApiServer, pod_log: PodLog, stack: Stack) -> None:
    """A namespace with 500 pods that run."""
    admin = api_server.admin
    admin.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    api_server.wait_until(lambda: admin.is_there(account), within=30)
    admin.create_all(PODS, (pod(f"web-{number:03}", node_name=NODES[number % len(NODES)]) for number in range(COUNT)))
    api_server.wait_until(
        lambda: all(phase(one) == "Running" for one in admin.get(PODS)["items"]), within=RUNNING_WITHIN_S
    )


@pytest.fixture(params=CLIENTS)
def product(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Product]:
    """The product, with each of its HTTP clients towards clusters."""
    client = f"-cluster-client={request.param}"
    made = stack.serve(stack.product_port(), stack.dex.client, client, name=f"headlamp-{request.param}")
    yield made
    made.stop()


@pytest.fixture
def new_pod(kubectl: Kubectl) -> Iterator[str]:
    """The name of a pod that the test makes, and that is gone afterwards."""
    name = f"new-{secrets.token_hex(4)}"
    yield name
    kubectl("delete", "pod", name, f"--namespace={NAMESPACE}", "--ignore-not-found", "--wait=true")


@pytest.fixture
def kubectl(stack: Stack, api_server: ApiServer) -> Kubectl:
    """kubectl as the administrator; new pods find their nodes by the scheduler."""
    assert stack.cluster.scheduler is not None
    return Kubectl(stack.kubectl, api_server.kubeconfig(stack.cluster.identity.admin))


@pytest.fixture
def page(chromium_path: str, tmp_path: Path) -> Iterator[Page]:
    """A page of a Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium_path,
            args=list(FLAGS),
            # Dex has a certificate of an authority that this Chromium knows nothing of.
            ignore_https_errors=True,
            viewport={"width": 1440, "height": 900},
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context.pages[0]
        context.close()


class Kubectl:
    """Runs kubectl to its end."""

    def __init__(self, binary: Path, kubeconfig: Path) -> None:
        self._command = [str(binary), f"--kubeconfig={kubeconfig}"]

    def __call__(self, *words: str) -> str:
        run = subprocess.run(
            [*self._command, *words], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


def test_the_main_job(
    five_hundred_pods: None,
    product: Product,
    kubectl: Kubectl,
    new_pod: str,
    pod_log: PodLog,
    page: Page,
    record_property: Callable[[str, object], None],
) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    sockets: list[WebSocket] = []
    complaints: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    deep_link = f"{product.url}/c/lab/pods?ns={NAMESPACE}&sort=Name"
    page.goto(deep_link)
    page.get_by_role("link", name=re.compile("^Sign in")).click()

    # Dex's own page.
    page.locator("input[name=login]").fill(DANA.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Login").click()

    # Back where one was, with all there is.
    page.wait_for_url(deep_link)
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(COUNT + 1))
    expect(grid.get_by_role("row").filter(has_text="web-000")).to_contain_text("Running")
    assert page.context.cookies(product.url)[0]["httpOnly"]

    # What somebody else does appears by itself.
    kubectl("run", new_pod, f"--namespace={NAMESPACE}", "--image=registry.example.com/web:1.0")
    created_at = time.monotonic()
    fresh = grid.get_by_role("row").filter(has_text=new_pod)
    expect(fresh).to_be_visible()
    record_property("seconds until a new pod is seen", round(time.monotonic() - created_at, 3))
    expect(fresh).to_contain_text("Running")
    expect(grid).to_have_attribute("aria-rowcount", str(COUNT + 2))

    # Filter.
    page.get_by_role("textbox", name=re.compile("^Filter")).fill("web-12")
    expect(grid).to_have_attribute("aria-rowcount", "11")
    page.get_by_role("textbox", name=re.compile("^Filter")).fill("web-123")
    expect(grid).to_have_attribute("aria-rowcount", "2")

    # Details.
    grid.get_by_role("row").filter(has_text="web-123").click()
    details = page.get_by_role("complementary", name="Details of pod web-123")
    expect(details).to_contain_text("Running")
    expect(details).to_contain_text("registry.example.com/web:1.0")

    # Its log, followed.
    details.get_by_role("button", name="Logs").click()
    log = page.get_by_role("log", name="Log of web-123")
    for _ in range(2):
        said = f"said {secrets.token_hex(6)}"
        pod_log.say(said)
        expect(log).to_contain_text(said)

    # A command in a terminal.
    details.get_by_role("button", name="Shell").click()
    terminal = page.get_by_role("tabpanel").filter(has=page.get_by_role("toolbar", name="Terminal tools"))
    expect(terminal.get_by_role("status").first).to_contain_text("Open")
    # What is typed before a shell asks for it, the shell may throw away.
    expect(terminal).to_contain_text(re.compile(r"[$#]\s*$"))
    first, second = secrets.randbelow(10**6), secrets.randbelow(10**6)
    terminal.get_by_role("textbox").first.focus()
    page.keyboard.type(f"echo $(({first} * {second}))\n")
    expect(terminal).to_contain_text(str(first * second))

    assert not complaints, complaints

    # Out.
    live = next(socket for socket in sockets if urlsplit(socket.url).path == "/api/live" and not socket.is_closed())
    page.get_by_role("button", name=re.compile(f"^{DANA.name}")).click()
    # A browser that has left a page tells nothing more of its connections, so it is not let go before they are told of.
    leaving = Held(page, f"{product.url}/")
    page.get_by_role("button", name="Sign out").click(no_wait_after=True)
    until(page, lambda: all(socket.is_closed() for socket in sockets))
    assert live.is_closed()
    leaving.let_go()
    expect(grid).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Sign in")).first).to_be_visible()
    answer = page.request.get(f"{product.url}/api/session")
    assert json.loads(answer.text())["signed_in"] is False

    # And nothing of it is left behind the address.
    page.goto(deep_link)
    expect(page.get_by_role("link", name=re.compile("^Sign in")).first).to_be_visible()
    expect(page.get_by_role("grid")).to_have_count(0)
    # What was on its way when the session ended is refused, and the browser says so; nothing else may go wrong.
    assert all("401" in complaint for complaint in complaints), complaints
