"""What all tests share: free ports, and the parts of a machine that some tests need.

A test that needs a part which is missing is skipped, and the end of the run names what was left out. With `CI=true`
that is a failure: there, everything has to be present.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import hatch_build
import pytest
from hypothesis import settings
from tests.support.logs import logging_put_back

ROOT = Path(__file__).resolve().parent.parent
# How long an example takes is a matter of the machine, and of who else works on it.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
LEFT_OUT = pytest.StashKey[dict[str, int]]()

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium() -> str | None:
    """The path of a Chromium that Playwright can drive; `HEADLAMP_TEST_CHROMIUM` names another one."""
    chosen = os.environ.get("HEADLAMP_TEST_CHROMIUM")
    return chosen or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def nginx() -> str | None:
    """The path of nginx, which Debian puts where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def missing_parts() -> dict[str, str]:
    """What the tests with a marker can't do without here, by marker."""
    parts = {}
    if not chromium():
        parts["browser"] = "browser tests: there is no Chromium on this machine"
    if not nginx():
        parts["nginx"] = "tests behind nginx: there is no nginx on this machine"
    if not shutil.which("go"):
        parts["real"] = "tests on real parts: there is no Go on this machine to build them with"
        parts["go"] = "tests of what is measured beside Go: there is none on this machine"
    if not (shutil.which("java") and shutil.which("mvn")):
        parts["keycloak"] = "tests with Keycloak: there is no Java with Maven on this machine"
    if not hatch_build.is_built(ROOT):
        parts["package"] = "tests of the distributions: the page is not built from its sources (`make ui` does it)"
    return parts


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of a folder, and skip those that miss a part."""
    missing = missing_parts()
    left_out = config.stash[LEFT_OUT]
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT / "tests") else ""
        if folder in ("browser", "real"):
            item.add_marker(folder)
        for marker, why in missing.items():
            if item.get_closest_marker(marker):
                # Not switched off: the end of the run names it, and with `CI=true` the run has failed.
                item.add_marker(pytest.mark.skip(reason=why))
                left_out[why] = left_out.get(why, 0) + 1


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.stash[LEFT_OUT] and _in_ci() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for why, count in config.stash[LEFT_OUT].items():
        verdict = "FAILED, because CI=true: left out" if _in_ci() else "Left out"
        terminalreporter.write_line(f"{verdict} {count} {why}.", yellow=not _in_ci(), red=_in_ci())
    whole_run = any(Path(argument).name == "browser" for argument in config.args)
    if whole_run and not any(Path(argument).name == "real" for argument in config.args):
        hint = "" if shutil.which("go") else ", which needs Go; there is none on this machine"
        terminalreporter.write_line(f"The tests on real parts are run by `make test-real`{hint}.")


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """A command that a test runs configures the logging of the whole process; the next test finds it as it was."""
    with logging_put_back():
        yield


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that returns a loopback port that nobody listens on, another one each time.

    It is below those that systems give to connections and to whoever asks for any port, so that none of them takes it
    before the test does.
    """
    handed_out: set[int] = set()

    def pick() -> int:
        while True:
            port = 20_000 + secrets.randbelow(12_000)
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                if port not in handed_out:
                    handed_out.add(port)
                    return port

    return pick


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium of the machine, for Playwright's `executable_path`."""
    path = chromium()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    return path


@pytest.fixture(scope="session")
def nginx_path() -> str:
    """The nginx of the machine."""
    path = nginx()
    if path is None:
        pytest.skip("there is no nginx on this machine")
    return path
