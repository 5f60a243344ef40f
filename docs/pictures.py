"""Takes the pictures of the README from the running demo: `make pictures`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.support.chromium import FLAGS

IMAGES = Path(__file__).parent / "images"
CHROMIUM = os.environ.get("HEADLAMP_TEST_CHROMIUM", "/usr/bin/chromium")


def main() -> int:
    """Start the demo, sign in as its administrator, and take each picture in light and dark."""
    command = [sys.executable, "-m", "headlamp", "demo", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        address = next((found[1] for line in demo.stdout if (found := re.match(r"Open (\S+)", line))), "")
        try:
            with sync_playwright() as playwright:
                for scheme in ("light", "dark"):
                    with tempfile.TemporaryDirectory() as profile:
                        browser = playwright.chromium.launch_persistent_context(
                            profile,
                            executable_path=CHROMIUM,
                            args=list(FLAGS),
                            viewport={"width": 1440, "height": 900},
                            color_scheme=scheme,
                        )
                        take(browser.new_page(), address, "" if scheme == "light" else "-dark")
                        browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
    return 0


def take(page: Page, address: str, suffix: str) -> None:
    """The sign-in page, then the list with details, a log and a shell open."""
    page.goto(f"{address}/c/demo/pods")
    sign_in = page.get_by_role("link", name=re.compile("^Sign in")).first
    sign_in.wait_for()
    page.screenshot(path=IMAGES / f"signin{suffix}.png")
    sign_in.click()
    page.get_by_role("button", name=re.compile("Anna")).first.click()
    grid = page.get_by_role("grid")
    grid.get_by_text(re.compile("^recommendations-")).first.click()
    details = page.get_by_role("complementary").first
    details.get_by_role("button", name="Logs").click()
    page.get_by_text(re.compile("level=")).first.wait_for()
    page.wait_for_timeout(2500)
    page.screenshot(path=IMAGES / f"list{suffix}.png")


if __name__ == "__main__":
    sys.exit(main())
