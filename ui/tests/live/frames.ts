/** Animation frames that a test runs itself. */
import { vi } from "vitest";

/** Returns the function that runs what waits for the next frame. */
export function ownFrames(): () => void {
  let waiting = new Map<number, () => void>();
  let next = 1;
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => {
    waiting.set(next, run);
    return next++;
  });
  vi.stubGlobal("cancelAnimationFrame", (id: number) => waiting.delete(id));
  return () => {
    const now = waiting;
    waiting = new Map();
    for (const run of now.values()) run();
  };
}
