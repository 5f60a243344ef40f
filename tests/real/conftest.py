"""One stack for the whole run, of which each test gets what it asks for.

Everything lives in one temporary folder, which is removed after a run without failures, and otherwise named, with the
logs in it. A failed test shows what the product logged lately.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.build import Recipe, built
from tests.real.stack.kwok import PodLog
from tests.real.stack.nginx import Nginx
from tests.real.stack.processes import Supervisor, Workplace, tail
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

FAILED = pytest.StashKey[bool]()
FOLDER = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All parts, none of them started yet."""
    config = request.config
    capturing = config.pluginmanager.getplugin("capturemanager")
    supervisor = Supervisor()

    def programs(recipe: Recipe) -> Path:
        # Building takes minutes the first time, and has to be seen.
        with capturing.global_and_fixture_disabled():
            return built(recipe, supervisor)

    place = Workplace(tmp_path_factory.mktemp("stack"), supervisor)
    config.stash[FOLDER] = place.folder
    try:
        yield Stack(place, programs)
    finally:
        place.stop_all()
        supervisor.close()
        shutil.rmtree(place.folder / "etcd", ignore_errors=True)
        if not config.stash.get(FAILED, False):
            shutil.rmtree(place.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def api_server(stack: Stack) -> ApiServer:
    """The API server, with rights for the people of the provider; pods don't run."""
    return stack.cluster.api_server


@pytest.fixture(scope="session")
def strict_api_server(stack: Stack) -> ApiServer:
    """An API server of the same cluster that does not know the provider."""
    return stack.cluster.strict_api_server


@pytest.fixture(scope="session")
def pod_log(stack: Stack) -> PodLog:
    """Pods run; this is what their containers log."""
    return stack.cluster.nodes


@pytest.fixture(scope="session")
def product(stack: Stack) -> Product:
    """The product."""
    return stack.product


@pytest.fixture(scope="session")
def nginx(stack: Stack, nginx_path: str) -> Nginx:
    """nginx in front of it."""
    return stack.nginx(nginx_path)


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[Browser]:
    """A browser without a page: it keeps cookies, says where it comes from and fills in forms."""
    async with Browser(stack.web_pki.pem) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a failure add what the product logged lately."""
    report = yield
    folder = item.config.stash.get(FOLDER, None)
    if report.failed and folder is not None:
        item.config.stash[FAILED] = True
        log = folder / "logs" / "headlamp.log"
        if log.exists():
            report.sections.append(("the end of the product's log", tail(log)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    if config.stash.get(FAILED, False):
        terminalreporter.write_line(f"The logs of all parts are in {config.stash[FOLDER] / 'logs'}.")
