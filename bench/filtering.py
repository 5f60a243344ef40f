"""P7: from a keystroke in the filter to the rows that match on screen, at ten thousand and at fifty thousand rows."""

from __future__ import annotations

import asyncio
import statistics

from bench.browser import View, browser, looking
from bench.figures import Figure
from bench.sign_in import percentile, sign_in
from bench.stages import GeneratedStage, signing_in

# Of the letters that names end in at random: each more makes fewer rows.
WORDS = ("bc7", "x9", "kd4", "vg", "zq")
TIMES, SHORT_TIMES = 5, 1
LIMIT_MS = 50.0
FIELD = "[role=search] input"
# Notes when a key was pressed and when the rows that came of it were on screen. The event's own time is the browser's
# of the key, before the page hears of it.
WAIT = """() => {
  bench.strokes = [];
  let typed = 0;
  document.querySelector("[role=search] input").addEventListener("input", (event) => {
    const stroke = ++typed, before = bench.rows();
    const look = () => bench.painted((at) => {
      if (bench.rows() !== before) bench.strokes.push(at - event.timeStamp);
      else if (stroke === typed) look();
    });
    look();
  }, { capture: true });
}"""
# Nobody types faster than this, and each keystroke is measured on its own.
PAUSE_S = 0.25
LONGEST_S = 3.0


def measure(stage: GeneratedStage, *, short: bool) -> list[Figure]:
    """The figures at the size of the stage."""
    with signing_in(stage.beside) as target:
        delays = asyncio.run(_measure(target.url, stage.cluster.size.pods, SHORT_TIMES if short else TIMES))
    rows = f"{stage.cluster.size.pods:,} rows"
    spread = f"{min(delays):.0f} to {max(delays):.0f} ms, {len(delays)} keystrokes"
    return [
        Figure("P7", f"{rows}: keystroke to screen, p50", statistics.median(delays), "ms", LIMIT_MS, more=spread),
        Figure("P7", f"{rows}: keystroke to screen, p95", percentile(delays, 0.95), "ms"),
    ]


async def _measure(url: str, rows: int, times: int) -> list[float]:
    cookie = (await sign_in(url)).cookie
    delays: list[float] = []
    async with browser() as chromium, looking(chromium, url, "/c/main/pods", cookie, rows=rows) as view:
        await asyncio.sleep(1)
        await view.page.evaluate(WAIT)
        for _ in range(times):
            for word in WORDS:
                delays += await _type(view, word)
    return delays


async def _type(view: View, word: str) -> list[float]:
    """Milliseconds of each keystroke. Raises `TimeoutError` when one makes no other rows appear."""
    await view.page.focus(FIELD)
    for count, key in enumerate(word, 1):
        await view.page.keyboard.press(key)
        await asyncio.sleep(PAUSE_S)
        await view.until(f"bench.strokes.length >= {count}", LONGEST_S)
    strokes: list[float] = await view.page.evaluate("bench.strokes.splice(0)")
    await view.page.keyboard.press("Escape")
    await view.until("bench.rows() >= bench.expected", LONGEST_S)
    return strokes
