/** The rows of a subscription that match, in order, kept up to date without sorting them all again. */
import type { Column, Tone } from "../app/types";
import type { Row, Subscription } from "../live/rows.svelte";
import type { Windowed } from "../live/window";
import { narrows, type Condition, type Filter } from "./filter";
import { matcherOf, textOf, type Candidate, type FindColumn, type Matcher } from "./matching";
import { compareKeys, isDuration, merge, naturalKey, sortKey, tieKey, type SortKey } from "./sort";
import { urgency, type RowStatus } from "./status";

export interface Facet {
  readonly word: string;
  readonly tone: Tone;
  readonly count: number;
}

export interface Order {
  /** Index of the cell; "namespace", "urgent" for what is broken first, or what else a row sorts by. */
  readonly by: number | "namespace" | "urgent" | ((row: Row) => SortKey);
  readonly descending: boolean;
}

/** An order as the server names it; `column` is the name or id of the column that is sorted by. */
export const sortName = ({ by }: Order, column: string): string => (by === "urgent" || by === "namespace" ? `@${by}` : column);

/** What decides which rows are shown and in which order. */
export interface Plan {
  readonly columns: readonly Column[];
  readonly filter: Filter;
  readonly order: Order;
  readonly status: ((row: Row) => RowStatus) | null;
  readonly find?: FindColumn;
}

/** A row in its place. */
export class Entry implements Candidate {
  key: SortKey = 0;
  status: RowStatus | null = null;
  /** It meets all conditions but those on the status. */
  pooled = false;
  shown = false;
  /** Namespace and name: what decides between equal keys. */
  readonly tie: string;
  #text = "";

  constructor(readonly row: Row) {
    this.tie = tieKey(row.namespace, row.name);
  }

  get text(): string {
    return (this.#text ||= textOf(this.row));
  }

  /** The row has other cells than before. */
  changed(): void {
    this.#text = "";
  }
}

/** What leaves an ordered list and what comes into it. */
class Moves {
  readonly #leaving = new Set<Entry>();
  readonly #coming: Entry[] = [];

  note(entry: Entry, was: boolean, is: boolean, moved: boolean): void {
    if (was && (moved || !is)) this.#leaving.add(entry);
    if (is && (moved || !was)) this.#coming.push(entry);
  }

  made(list: readonly Entry[], compare: (a: Entry, b: Entry) => number): readonly Entry[] {
    const staying = this.#leaving.size ? list.filter((entry) => !this.#leaving.has(entry)) : list;
    return this.#coming.length ? merge(staying, this.#coming.sort(compare), compare) : staying;
  }
}

const onStatus = ({ field }: Condition): boolean => field === "status";
const NOTHING: Matcher = { matches: () => true, problem: "", timed: false };

export class ListView {
  /** Those rows that match and are here: all of them, or a window from `first` on. */
  entries = $state.raw<readonly { readonly row: Row }[]>([]);
  first = $state(0);
  /** How many rows match. */
  matching = $state(0);
  facets = $state.raw<readonly Facet[]>([]);
  /** What of the filter is not understood, in words. */
  problem = $state("");
  /** Rows may begin or cease to match as time goes by. */
  timed = $state(false);

  #plan: Plan | null = null;
  #now = 0;
  #window: Windowed | null = null;
  #inPool = NOTHING;
  #ofStatus = NOTHING;
  #byKey = new Map<string, Entry>();
  /** All, those that meet all conditions but those on the status, and those that meet all: in the same order. */
  #all: readonly Entry[] = [];
  #pool: readonly Entry[] = [];
  #shown: readonly Entry[] = [];
  /** Kept in place although they sort elsewhere by now. */
  #misplaced = new Set<Entry>();

  /**
   * Take in what changed. With `hold` (the pointer is over the list) rows that are shown keep their places and only new
   * ones are put where they belong; the next call without it puts everything in order. `now` is in seconds since the
   * epoch.
   */
  update(rows: Subscription, plan: Plan, hold: boolean, now: number): void {
    const { reset, touched } = rows.drain();
    const before = this.#plan;
    this.#plan = plan;
    const aged = this.timed && now !== this.#now;
    this.#now = now;
    if (rows.window) {
      this.#show(rows.window);
      return;
    }
    const back = this.#window !== null;
    this.#window = null;
    const sameOrder = before?.columns === plan.columns && before.order === plan.order && before.status === plan.status && before.find === plan.find;
    if (reset || back || !sameOrder || before === null) {
      this.#rebuild(rows, plan, reset || back);
      return;
    }
    const late = hold ? new Set<Entry>() : this.#misplaced;
    const changed = touched.size > 0 || late.size > 0;
    if (changed) this.#apply(rows, touched, late, hold);
    if (plan.filter !== before.filter) this.#refilter(before.filter, plan);
    else if (aged) this.#sift(this.#all);
    else if (!changed) return;
    this.#publish();
  }

  #show(window: Windowed): void {
    if (window === this.#window) return;
    this.#window = window;
    this.#forget();
    this.entries = window.rows.map((row) => ({ row }));
    this.first = window.first;
    this.matching = window.matching;
    this.facets = window.facets.map(({ value, tone, count }) => ({ word: value, tone, count }));
    this.problem = window.problem;
    this.timed = false;
  }

  #forget(): void {
    this.#byKey.clear();
    this.#misplaced.clear();
    this.#all = this.#pool = this.#shown = [];
  }

  #read(entry: Entry): void {
    entry.status = this.#plan?.status?.(entry.row) ?? null;
    entry.pooled = this.#inPool.matches(entry, this.#now);
    entry.shown = entry.pooled && this.#ofStatus.matches(entry, this.#now);
  }

  #keyOf({ row, status }: Entry): SortKey {
    const { columns, order } = this.#plan as Plan;
    if (typeof order.by === "function") return order.by(row);
    if (order.by === "urgent") return status ? urgency(status.tone) : 0;
    return order.by === "namespace" ? naturalKey(row.namespace) : sortKey(row.cells[order.by], isDuration(columns[order.by]?.name ?? ""));
  }

  #compare = (a: Entry, b: Entry): number => {
    const byKey = compareKeys(a.key, b.key);
    if (byKey !== 0) return this.#plan?.order.descending ? -byKey : byKey;
    return a.tie < b.tie ? -1 : a.tie > b.tie ? 1 : 0;
  };

  #understand({ filter, columns, find }: Plan): void {
    this.#inPool = matcherOf(filter.conditions.filter((condition) => !onStatus(condition)), columns, find);
    this.#ofStatus = matcherOf(filter.conditions.filter(onStatus), columns, find);
    this.problem = [this.#inPool.problem, this.#ofStatus.problem].filter(Boolean).join(" ");
    this.timed = this.#inPool.timed;
  }

  #rebuild(rows: Subscription, plan: Plan, anew: boolean): void {
    this.#understand(plan);
    if (anew) this.#forget();
    this.#misplaced.clear();
    const entries: Entry[] = [];
    for (const row of rows.rows.values()) {
      const known = this.#byKey.get(row.key);
      const entry = known?.row === row ? known : new Entry(row);
      entry.changed();
      entry.status = plan.status?.(row) ?? null;
      entry.key = this.#keyOf(entry);
      entries.push(entry);
    }
    this.#byKey = new Map(entries.map((entry) => [entry.row.key, entry]));
    this.#all = entries.sort(this.#compare);
    this.#sift(this.#all);
    this.#publish();
  }

  #refilter(before: Filter, plan: Plan): void {
    const wasTimed = this.timed;
    this.#understand(plan);
    const others = (filter: Filter): Condition[] => filter.conditions.filter((condition) => !onStatus(condition));
    this.#sift(!wasTimed && !this.timed && narrows(others(before), others(plan.filter)) ? this.#pool : this.#all);
  }

  /** Choose among entries that are in order; all others are out. */
  #sift(from: readonly Entry[]): void {
    const pool: Entry[] = [];
    const shown: Entry[] = [];
    const [inPool, ofStatus, now] = [this.#inPool.matches, this.#ofStatus.matches, this.#now];
    for (const entry of from) {
      entry.pooled = inPool(entry, now);
      entry.shown = entry.pooled && ofStatus(entry, now);
      if (entry.pooled) pool.push(entry);
      if (entry.shown) shown.push(entry);
    }
    this.#pool = pool;
    this.#shown = shown;
  }

  #apply(rows: Subscription, touched: ReadonlyMap<string, Row>, late: ReadonlySet<Entry>, hold: boolean): void {
    const [all, pool, shown] = [new Moves(), new Moves(), new Moves()];
    const place = (entry: Entry, was: boolean, is: boolean, moved: boolean, [pooled, seen]: readonly [boolean, boolean]): void => {
      all.note(entry, was, is, moved);
      pool.note(entry, pooled, is && entry.pooled, moved);
      shown.note(entry, seen, is && entry.shown, moved);
    };
    const look = (entry: Entry): void => {
      const flags = [entry.pooled, entry.shown] as const;
      entry.changed();
      this.#read(entry);
      const key = this.#keyOf(entry);
      const stays = key === entry.key || ((hold || entry.row.goneAt > 0) && flags[1] && entry.shown);
      if (key === entry.key) this.#misplaced.delete(entry);
      else if (stays) this.#misplaced.add(entry);
      else {
        this.#misplaced.delete(entry);
        entry.key = key;
      }
      place(entry, true, true, !stays, flags);
    };
    for (const [key, row] of touched) {
      const known = this.#byKey.get(key);
      const there = rows.rows.get(key) === row;
      if (known && there && known.row === row) {
        look(known);
        continue;
      }
      if (known) {
        this.#byKey.delete(key);
        this.#misplaced.delete(known);
        place(known, true, false, true, [known.pooled, known.shown]);
      }
      if (!there) continue;
      const entry = new Entry(row);
      this.#read(entry);
      entry.key = this.#keyOf(entry);
      this.#byKey.set(key, entry);
      place(entry, false, true, true, [false, false]);
    }
    for (const entry of [...late]) if (!touched.has(entry.row.key)) look(entry);
    this.#all = all.made(this.#all, this.#compare);
    this.#pool = pool.made(this.#pool, this.#compare);
    this.#shown = shown.made(this.#shown, this.#compare);
  }

  #publish(): void {
    this.entries = this.#shown;
    this.first = 0;
    this.matching = this.#shown.length;
    this.facets = this.#plan?.status ? counted(this.#pool) : [];
  }
}

/** How many rows have which status; of those that are gone and still seen, none. */
function counted(entries: readonly Entry[]): Facet[] {
  const counts = new Map<string, { word: string; tone: Tone; count: number }>();
  for (const { row, status } of entries) {
    if (!status || row.goneAt) continue;
    const { word, tone } = status;
    const known = counts.get(word);
    if (!known) counts.set(word, { word, tone, count: 1 });
    else {
      known.count++;
      // One word may stand for ready and not ready rows; the facet shows the worst of them only when all are so.
      if (urgency(tone) > urgency(known.tone)) known.tone = tone;
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
}
