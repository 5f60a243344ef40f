"""One stack for the whole run, of which each test gets what it asks for.

Everything lives in one temporary folder, which is removed after a run without failures, and otherwise named, with the
logs in it. A failed test shows what the product logged lately.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from pathlib import Path

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.kubectl import Kubectl
from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.build import Recipe, built
from tests.real.stack.cluster import NODES, Cluster
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.keycloak_build import built_keycloak
from tests.real.stack.kwok import PodLog
from tests.real.stack.nginx import Nginx
from tests.real.stack.objects import phase, pod
from tests.real.stack.oidc_provider import built_oidc_provider
from tests.real.stack.people import BOB
from tests.real.stack.pki import trusting
from tests.real.stack.processes import Supervisor, Workplace, tail
from tests.real.stack.product import Product
from tests.real.stack.releases import NEWEST
from tests.real.stack.whole import Stack

NOTICED_WITHIN_S = 45.0
RUNNING_WITHIN_S = 60.0
SHORT_LIFETIME_S = 10
WORKERS = 4

FAILED = pytest.StashKey[bool]()
FOLDER = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All parts, none of them started yet."""
    config = request.config
    capturing = config.pluginmanager.getplugin("capturemanager")
    supervisor = Supervisor()

    # Building takes minutes the first time, and has to be seen.
    def programs(recipe: Recipe) -> Path:
        with capturing.global_and_fixture_disabled():
            return built(recipe, supervisor)

    def keycloak_home() -> Path:
        with capturing.global_and_fixture_disabled():
            return built_keycloak(supervisor)

    def oidc_provider_home() -> Path:
        with capturing.global_and_fixture_disabled():
            return built_oidc_provider(supervisor)

    place = Workplace(tmp_path_factory.mktemp("stack"), supervisor)
    config.stash[FOLDER] = place.folder
    parts = Stack(place, programs, keycloak_home, oidc_provider_home)
    try:
        if any(_needs_keycloak(item) for item in request.session.items):
            parts.begin_keycloak()
        yield parts
    finally:
        place.stop_all()
        supervisor.close()
        shutil.rmtree(place.folder / "etcd", ignore_errors=True)
        if not config.stash.get(FAILED, False):
            shutil.rmtree(place.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Cluster]:
    """The cluster that all tests share, or one of the release that a test is parametrised with."""
    release = getattr(request, "param", NEWEST)
    if release is NEWEST:
        yield stack.cluster
        return
    other = stack.another_cluster(f"kubernetes-{release}", release)
    yield other
    other.place.stop_all()
    shutil.rmtree(other.place.folder / "etcd", ignore_errors=True)


@pytest.fixture(scope="session")
def api_server(cluster: Cluster) -> ApiServer:
    """The API server, with rights for the people of the provider; pods don't run."""
    return cluster.api_server


@pytest.fixture(scope="session")
def strict_api_server(stack: Stack) -> ApiServer:
    """An API server of the same cluster that does not know the provider."""
    return stack.cluster.strict_api_server


@pytest.fixture(scope="session")
def pod_log(cluster: Cluster) -> PodLog:
    """Pods run; this is what their containers log."""
    return cluster.nodes


@pytest.fixture(scope="session")
def kubectl(stack: Stack, cluster: Cluster) -> Kubectl:
    """kubectl as the administrator, of the newest release whatever the cluster's is."""
    return Kubectl(stack.kubectl, cluster.api_server.kubeconfig(cluster.identity.admin))


@pytest.fixture(scope="session")
def running_pod(stack: Stack) -> str:
    """The path of a pod that runs, in the cluster that all share."""
    api_server = stack.cluster.api_server
    assert stack.cluster.nodes is not None
    pods, name = "/api/v1/namespaces/default/pods", "streams"
    api_server.admin.create(pods, pod(name, node_name=NODES[0]))
    api_server.wait_until(lambda: phase(api_server.admin.get(f"{pods}/{name}")) == "Running", within=RUNNING_WITHIN_S)
    return f"{pods}/{name}"


@pytest.fixture(scope="session")
def product(stack: Stack, cluster: Cluster) -> Iterator[Product]:
    """The product."""
    if cluster is stack.cluster:
        yield stack.product
        return
    other = stack.serve(stack.product_port(), stack.dex.client, config=cluster.kubeconfig)
    yield other
    other.stop()


@pytest.fixture(scope="session")
def nginx(stack: Stack, product: Product, nginx_path: str) -> Nginx:
    """nginx in front of it."""
    return stack.nginx(nginx_path, product.port)


@pytest.fixture(scope="session")
def keycloak(stack: Stack) -> Keycloak:
    """The other identity provider; a test that asks for it has the marker `keycloak`."""
    return stack.keycloak


@pytest.fixture(scope="session")
def keycloak_cluster(stack: Stack, api_server: ApiServer, keycloak: Keycloak) -> ApiServer:
    """The API server, once it has noticed that Keycloak is there now."""
    tls = trusting(api_server.identity.pki.pem)
    api_server.wait_until(
        lambda: Admin(api_server.port, tls, bearer=keycloak.token_of(BOB)).is_there("/api"), within=NOTICED_WITHIN_S
    )
    return api_server


@pytest.fixture(scope="session")
def keycloak_door(stack: Stack, keycloak: Keycloak, nginx_path: str) -> Nginx:
    """nginx in front of a product that is a client of Keycloak."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    client = keycloak.register("headlamp", door.url)
    stack.serve(port, client, name="headlamp-keycloak")
    return door


@pytest.fixture(scope="session")
def keycloak_workers(stack: Stack, keycloak: Keycloak) -> Product:
    """A product in several processes, whose tokens live for as short as can be."""
    port = stack.product_port()
    client = keycloak.register("headlamp-workers", f"http://localhost:{port}", lifetime=SHORT_LIFETIME_S)
    return stack.serve(port, client, f"-workers={WORKERS}", name="headlamp-workers")


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[Browser]:
    """A browser without a page: it keeps cookies, says where it comes from and fills in forms."""
    async with Browser(stack.web_pki.pem) as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those who wait for Keycloak come last; by then it is there."""
    items.sort(key=_needs_keycloak)


def _needs_keycloak(item: pytest.Item) -> bool:
    return item.get_closest_marker("keycloak") is not None and item.get_closest_marker("skip") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a failure add what the product logged lately."""
    report = yield
    folder = item.config.stash.get(FOLDER, None)
    if report.failed and folder is not None:
        item.config.stash[FAILED] = True
        report.sections.extend(_lately(folder / "logs", since=call.start))
    return report


def _lately(logs: Path, *, since: float) -> Sequence[tuple[str, str]]:
    """What the products have logged since a test began, in seconds since the epoch."""
    written = [log for log in sorted(logs.glob("headlamp*.log")) if log.stat().st_mtime >= since]
    return [(f"the end of {log.name}", tail(log)) for log in written]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    if config.stash.get(FAILED, False):
        terminalreporter.write_line(f"The logs of all parts are in {config.stash[FOLDER] / 'logs'}.")
