/** The last lines of a log, in order of time, and how many had to go. */

import type { Level } from "./level";
import type { LogLine } from "./line";

export const CAPACITY = 10_000;

/** What a batch changed: lines at the end alone, or the order of earlier ones too. */
export interface Change {
  /** Lines that fell off the front. */
  readonly dropped: number;
  /** True when new lines went between earlier ones. */
  readonly reordered: boolean;
}

export class LogBuffer {
  /** Oldest first. Read only. */
  lines: LogLine[] = [];
  dropped = 0;
  readonly counts: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, "": 0 };
  readonly #capacity: number;
  #seq = 0;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Adds lines of several containers, each container's in its own order. */
  append(batch: LogLine[]): Change {
    if (batch.length === 0) return { dropped: 0, reordered: false };
    const sorted = batch.length > 1 ? stableByTime(batch) : batch;
    for (const line of sorted) {
      this.#seq += 1;
      line.seq = this.#seq;
      this.counts[line.level] += 1;
    }
    const reordered = this.#merge(sorted);
    const over = this.lines.length - this.#capacity;
    if (over > 0) {
      for (let index = 0; index < over; index += 1) {
        const line = this.lines[index];
        if (line !== undefined) this.counts[line.level] -= 1;
      }
      this.lines.splice(0, over);
      this.dropped += over;
    }
    return { dropped: Math.max(0, over), reordered };
  }

  clear(): void {
    this.lines = [];
    this.dropped = 0;
    for (const level of Object.keys(this.counts) as Level[]) this.counts[level] = 0;
  }

  #merge(batch: LogLine[]): boolean {
    const last = this.lines.at(-1);
    const first = batch[0];
    if (last === undefined || first === undefined || !(first.at < last.at)) {
      this.lines.push(...batch);
      return false;
    }
    // Only the end can be affected: go back to the first line that is not later.
    let from = this.lines.length;
    while (from > 0 && (this.lines[from - 1]?.at ?? Number.NaN) > first.at) from -= 1;
    const tail = this.lines.splice(from);
    this.lines.push(...stableByTime([...tail, ...batch]));
    return true;
  }
}

/** By time; a line without one stays behind the line that it came after. */
function stableByTime(lines: readonly LogLine[]): LogLine[] {
  let last = Number.NEGATIVE_INFINITY;
  const keyed = lines.map((line) => {
    if (!Number.isNaN(line.at)) last = line.at;
    return { line, at: last };
  });
  return keyed.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at)).map(({ line }) => line);
}
