// Runs in the page before anything of it does, and notes what a person would see, and when.
//
// Times are those of performance.now(): milliseconds since the navigation began. What changed in the document is on
// screen after the next frame, so a time is taken in the first task after that.
(() => {
  const seen = { first: 0, complete: 0, changes: [], blocked: [], expected: 0 };
  window.bench = seen;

  const painted = (then) =>
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => then(performance.now());
      after.port2.postMessage(null);
    });
  seen.painted = painted;

  const rows = () => Number(document.querySelector("[role=grid]")?.ariaRowCount ?? 1) - 1;
  seen.rows = rows;

  // The texts of the restarts in view, by row; a new one is a change that has arrived.
  const shown = new Map();
  function readChanges() {
    const news = [];
    for (const row of document.querySelectorAll("[role=grid] [data-key]")) {
      const cell = row.querySelector(".restarts");
      if (!cell) continue;
      const { key } = row.dataset;
      const text = cell.textContent;
      if (shown.has(key) && shown.get(key) !== text) news.push(parseInt(text, 10));
      shown.set(key, text);
    }
    if (news.length) painted((at) => seen.changes.push(...news.map((restarts) => [restarts, (performance.timeOrigin + at) / 1000])));
  }

  new MutationObserver(() => {
    const grid = document.querySelector("[role=grid]");
    if (!grid) return;
    if (!seen.first && grid.querySelector("[data-key]")) {
      seen.first = -1;
      painted((at) => (seen.first = at));
    }
    if (!seen.complete && seen.expected && rows() >= seen.expected && grid.ariaBusy === "false") {
      seen.complete = -1;
      painted((at) => (seen.complete = at));
    }
    if (seen.complete) readChanges();
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["aria-busy", "aria-rowcount", "data-key"] });

  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.blocked.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
})();
