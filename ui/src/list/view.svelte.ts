/** The rows of a subscription that match, in order, kept up to date without sorting them all again. */
import type { Column, Tone } from "../app/types";
import type { Row, Subscription } from "../live/rows.svelte";
import { matcher, type Filter } from "./filter";
import { compareKeys, isDuration, merge, naturalKey, sortKey, type SortKey } from "./sort";
import { urgency, type RowStatus } from "./status";

export interface Entry {
  readonly row: Row;
  readonly key: SortKey;
  /** Namespace and name: what decides between equal keys. */
  readonly tie: string;
}

export interface Facet {
  readonly word: string;
  readonly tone: Tone;
  readonly count: number;
}

export interface Order {
  /** Index of the cell; "namespace", or "urgent" for what is broken first. */
  readonly by: number | "namespace" | "urgent";
  readonly descending: boolean;
}

/** What decides which rows are shown and in which order. A new object means: start over. */
export interface Plan {
  readonly columns: readonly Column[];
  readonly filter: Filter;
  readonly order: Order;
  readonly status: ((row: Row) => RowStatus) | null;
}

export class ListView {
  entries = $state.raw<readonly Entry[]>([]);
  facets = $state.raw<readonly Facet[]>([]);

  #plan: Plan | null = null;
  #match: (row: Row) => boolean = () => true;
  #matchFacet: (row: Row) => boolean = () => true;
  #entries = new Map<string, Entry>();
  #words = new Map<string, RowStatus>();
  #unsorted = false;

  /**
   * Take in what changed. With `hold` (the pointer is over the list) rows that are shown keep their places and only new
   * ones are put where they belong; the next call without it puts everything in order.
   */
  update(rows: Subscription, plan: Plan, hold: boolean): void {
    const { reset, touched } = rows.drain();
    if (reset || plan !== this.#plan || (this.#unsorted && !hold)) this.#rebuild(rows, plan);
    else if (touched.size) this.#apply(rows, touched, hold);
  }

  #entry(row: Row): Entry {
    return { row, key: this.#key(row), tie: naturalKey(`${row.namespace}\u0000${row.name}`) };
  }

  #key(row: Row): SortKey {
    const { columns, order, status } = this.#plan as Plan;
    if (order.by === "urgent") return status ? urgency(status(row).tone) : 0;
    return order.by === "namespace" ? naturalKey(row.namespace) : sortKey(row.cells[order.by], isDuration(columns[order.by]?.name ?? ""));
  }

  #compare = (a: Entry, b: Entry): number => {
    const byKey = compareKeys(a.key, b.key);
    if (byKey !== 0) return this.#plan?.order.descending ? -byKey : byKey;
    return a.tie < b.tie ? -1 : a.tie > b.tie ? 1 : 0;
  };

  #rebuild(rows: Subscription, plan: Plan): void {
    this.#plan = plan;
    this.#unsorted = false;
    const wordOf = (row: Row): string => plan.status?.(row).word ?? "";
    this.#match = matcher(plan.filter, plan.columns, wordOf);
    const other = plan.filter.conditions.filter(({ field }) => field !== "status");
    this.#matchFacet = other.length === plan.filter.conditions.length ? this.#match : matcher({ ...plan.filter, conditions: other }, plan.columns, wordOf);
    this.#entries.clear();
    this.#words.clear();
    const entries: Entry[] = [];
    for (const row of rows.rows.values()) {
      this.#count(row);
      if (!this.#match(row)) continue;
      const entry = this.#entry(row);
      entries.push(entry);
      this.#entries.set(row.key, entry);
    }
    this.entries = entries.sort(this.#compare);
    this.#publishFacets();
  }

  #apply(rows: Subscription, touched: ReadonlyMap<string, Row>, hold: boolean): void {
    const leaving = new Set<Entry>();
    const coming: Entry[] = [];
    for (const [key, row] of touched) {
      const there = rows.rows.get(key) === row;
      if (there) this.#count(row);
      else this.#words.delete(key);
      const known = this.#entries.get(key);
      const matches = there && this.#match(row);
      if (known && matches && (hold || row.goneAt)) {
        this.#unsorted ||= compareKeys(known.key, this.#key(row)) !== 0;
        continue;
      }
      if (known) {
        leaving.add(known);
        this.#entries.delete(key);
      }
      if (matches) {
        const entry = this.#entry(row);
        coming.push(entry);
        this.#entries.set(key, entry);
      }
    }
    if (leaving.size || coming.length) {
      const staying = leaving.size ? this.entries.filter((entry) => !leaving.has(entry)) : this.entries;
      this.entries = merge(staying, coming.sort(this.#compare), this.#compare);
    }
    this.#publishFacets();
  }

  #count(row: Row): void {
    const status = this.#plan?.status;
    if (status && !row.goneAt && this.#matchFacet(row)) this.#words.set(row.key, status(row));
    else this.#words.delete(row.key);
  }

  #publishFacets(): void {
    const counts = new Map<string, { word: string; tone: Tone; count: number }>();
    for (const { word, tone } of this.#words.values()) {
      const known = counts.get(word);
      if (!known) counts.set(word, { word, tone, count: 1 });
      else {
        known.count++;
        // One word may stand for ready and not ready rows; the facet shows the worst of them only when all are so.
        if (urgency(tone) > urgency(known.tone)) known.tone = tone;
      }
    }
    this.facets = [...counts.values()].sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
  }
}
