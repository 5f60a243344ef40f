"""axe-core, as the page's developer tools bring it: what of a page a screen reader or a keyboard can't use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SOURCE = Path(__file__).resolve().parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 up to AA, and what the makers of axe have learned beside it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Colours and sizes are judged as they stay, and not on their way there; what goes on for ever is as good as it gets.
_SETTLED = """() => document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime < Infinity)
    .every((animation) => animation.playState !== "running")"""


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, one line an element."""
    if not SOURCE.is_file():
        pytest.skip("axe-core is not installed (`python hatch_build.py npm run test` does it)")
    page.wait_for_function(_SETTLED)
    # By way of the debugger: the page's own policy lets no script of others in.
    page.evaluate(SOURCE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
        ".then(({violations}) => violations)",
        RULES,
    )
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {' '.join(node['failureSummary'].split())[:240]}"
        for one in found
        for node in one["nodes"]
    ]
