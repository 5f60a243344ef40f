"""A browser of one's own for each test, and the servers that it looks at."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright
from tests.conftest import chromium
from tests.support.chromium import FLAGS, PATIENCE_MS

Browse = Callable[..., AbstractContextManager[BrowserContext]]


@pytest.fixture(scope="session")
def demo(free_port: Callable[[], int]) -> Iterator[str]:
    """A running demo; its address."""
    command = [sys.executable, "-m", "headlamp", "demo", "--no-browser", "--port", str(free_port())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as run:
        assert run.stdout is not None
        address = ""
        for line in run.stdout:
            if found := re.match(r"Open (http://localhost:\d+)", line):
                address = found[1]
                break
        assert address, "the demo ended without getting ready"
        yield address
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, for as long as a file of browser tests runs: its event loop would be in the way of all others."""
    with sync_playwright() as running:
        yield running


@pytest.fixture
def browse(playwright: Playwright, tmp_path: Path) -> Browse:
    """A function that opens another browser, with nothing in it; `options` are those of Playwright's contexts."""
    profiles = 0

    @contextmanager
    def open_one(*flags: str, **options: Any) -> Iterator[BrowserContext]:
        nonlocal profiles
        profiles += 1
        context = playwright.chromium.launch_persistent_context(
            tmp_path / f"profile-{profiles}",
            executable_path=chromium(),
            args=[*FLAGS, *flags],
            **{"viewport": {"width": 1440, "height": 900}, **options},
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        try:
            yield context
        finally:
            context.close()

    return open_one


@pytest.fixture
def context(browse: Browse) -> Iterator[BrowserContext]:
    """A browser of one's own, with nothing in it."""
    with browse() as opened:
        yield opened
