/** Notices on its own what becomes of the session while somebody works: renewed, renewed no more, at its end. */
import { outOfDate } from "./ending";
import { session } from "./session.svelte";

/** Somebody who did something this recently is there. In milliseconds. */
const THERE_MS = 120_000;
/** Not asked more often than this. In milliseconds. */
const PACE_MS = 30_000;

let lastSign = performance.now();
let lastAsked = 0;
for (const event of ["pointerdown", "keydown", "wheel"] as const) {
  window.addEventListener(event, () => (lastSign = performance.now()), { passive: true, capture: true });
}

/**
 * Ask again when what is known may be out of date; `now` is in seconds since the epoch. Asking counts as using the
 * session, so an abandoned page does not ask: its session may end for want of use. One that is past its end is gone.
 */
export function watch(now: number): void {
  if (document.hidden || session.ended || !outOfDate(session.current, now)) return;
  const present = performance.now();
  const over = (session.current?.expires_at ?? Infinity) <= now;
  if (present - lastAsked < PACE_MS || (!over && present - lastSign > THERE_MS)) return;
  lastAsked = present;
  void session.load();
}
