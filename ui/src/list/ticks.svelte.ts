/** The rows that a reader has ticked. */

export class Ticks {
  keys = $state.raw<ReadonlySet<string>>(new Set());
  /** What of a range could not be ticked, in words; "" when all was. */
  note = $state("");
  #last = "";

  /** Tick a row or untick it; with `range` tick all from the last one to it, or it alone when the last one is not here, in the order of `entries`, which are the rows that are here. */
  toggle(key: string, entries: readonly { readonly row: { readonly key: string } }[], range: boolean): void {
    const next = new Set(this.keys);
    const from = range ? entries.findIndex(({ row }) => row.key === this.#last) : -1;
    this.note = range && from < 0 && this.#last !== "" && this.keys.size ? "Only this row was ticked: the one before is too far away to know those between." : "";
    const to = entries.findIndex(({ row }) => row.key === key);
    if (from >= 0 && to >= 0) for (const { row } of entries.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(row.key);
    else if (range || !next.delete(key)) next.add(key);
    this.#last = key;
    this.keys = next;
  }

  clear(): void {
    if (this.keys.size) this.keys = new Set();
    this.note = "";
  }
}
