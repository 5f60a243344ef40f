/**
 * Where a log was when its stream broke off. The API server goes on from a time, not from a line, and its
 * time may be cut to whole seconds: what was received already comes again, and is told apart here.
 */

import { instant } from "./line";

export class ResumePoint {
  #stamp = "";
  #at: readonly [number, number] | null = null;
  /** How many lines with the latest time have been received. */
  #atLast = 0;
  /** How many of those are still to come again. */
  #repeats = 0;
  #resuming = false;

  /** The value for `sinceTime`; "" when nothing was received yet. */
  get stamp(): string {
    return this.#stamp;
  }

  /** A new stream begins, from `stamp`. */
  resume(): void {
    this.#resuming = this.#at !== null;
    this.#repeats = this.#atLast;
  }

  /** Whether a line with this timestamp is new. Lines without one always are. */
  accept(stamp: string): boolean {
    const at = instant(stamp);
    if (at === null) return true;
    const order = this.#at === null ? 1 : at[0] - this.#at[0] || at[1] - this.#at[1];
    if (this.#resuming) {
      if (order < 0) return false;
      if (order === 0 && this.#repeats > 0) {
        this.#repeats -= 1;
        return false;
      }
      if (order > 0) this.#resuming = false;
    }
    if (order > 0) {
      this.#stamp = stamp;
      this.#at = at;
      this.#atLast = 1;
    } else if (order === 0) this.#atLast += 1;
    return true;
  }
}
