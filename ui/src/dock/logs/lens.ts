/** The lines of a buffer that pass a filter, kept from one batch to the next: only what is new is looked at. */

import type { Change } from "./buffer";
import { passes, type Needle } from "./filter";
import type { Level } from "./level";
import type { LogLine } from "./line";

export class LogLens {
  lines: LogLine[] = [];
  #needle: Needle | null = null;
  #levels = "";
  #seen = 0;

  /** Follows the buffer; returns how many lines went from the front of what is shown. */
  update(all: readonly LogLine[], changes: readonly Change[], needle: Needle, levels: ReadonlySet<Level>): number {
    const wanted = [...levels].sort().join();
    const anew = this.#needle !== needle || this.#levels !== wanted || changes.some(({ reordered }) => reordered);
    this.#needle = needle;
    this.#levels = wanted;
    if (anew) {
      this.lines = all.filter((line) => passes(line, needle, levels));
      this.#seen = all.reduce((most, { seq }) => Math.max(most, seq), 0);
      return 0;
    }
    const dropped = changes.reduce((sum, change) => sum + change.dropped, 0);
    const gone = dropped > 0 ? this.#forget(all[0]) : 0;
    let from = all.length;
    while (from > 0 && (all[from - 1]?.seq ?? 0) > this.#seen) from -= 1;
    for (const line of all.slice(from)) {
      this.#seen = Math.max(this.#seen, line.seq);
      if (passes(line, needle, levels)) this.lines.push(line);
    }
    return gone;
  }

  /** Lets go of what is older than the oldest line that is kept. */
  #forget(oldest: LogLine | undefined): number {
    const index = oldest === undefined ? this.lines.length : this.lines.findIndex((line) => line === oldest || line.at > oldest.at || (line.at === oldest.at && line.seq >= oldest.seq));
    const gone = index < 0 ? this.lines.length : index;
    this.lines.splice(0, gone);
    return gone;
  }
}
