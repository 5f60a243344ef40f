/** The rows of one subscription, kept in memory and told about once an animation frame. */
import type { Cell, Column } from "../app/types";
import type { LiveState, Missing, Query, ServerMessage, WireRow } from "./protocol";

export interface Row {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  cells: readonly Cell[];
  /** When it last changed while somebody looked, in milliseconds of `performance.now()`; 0 for never. */
  changedAt: number;
  /** When it was deleted; it stays for a moment, struck through. */
  goneAt: number;
}

/** What happened to the rows since a view looked last. */
export interface RowEvents {
  /** Everything is new. */
  reset: boolean;
  readonly touched: Map<string, Row>;
}

export interface Subscription {
  readonly query: Query;
  readonly rows: ReadonlyMap<string, Row>;
  readonly columns: readonly Column[];
  /** Goes up with each change of the rows; views depend on it. */
  readonly version: number;
  readonly state: LiveState;
  /** State of the connection, in seconds since the epoch. */
  readonly since: number;
  readonly message: string;
  readonly missing: readonly Missing[];
  readonly retryAt: number | null;
  readonly synced: boolean;
  readonly asOf: number;
  readonly took: number;
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string } | null;
  /** How many rows there are, without those that are gone. */
  readonly count: number;
  /** What changed since the last call. */
  drain(): RowEvents;
  close(): void;
}

/** How long a deleted row stays. */
export const GONE_FOR = 5000;

export class RowSet implements Subscription {
  columns = $state.raw<readonly Column[]>([]);
  version = $state(0);
  state = $state<LiveState>("loading");
  since = $state(Date.now() / 1000);
  message = $state("");
  missing = $state.raw<readonly Missing[]>([]);
  retryAt = $state<number | null>(null);
  synced = $state(false);
  asOf = $state(0);
  took = $state(0);
  error = $state.raw<Subscription["error"]>(null);

  readonly rows = new Map<string, Row>();
  #touched = new Map<string, Row>();
  #reset = true;
  #gone = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly query: Query,
    private readonly onclose: () => void,
  ) {}

  get count(): number {
    return this.rows.size - this.#gone;
  }

  drain(): RowEvents {
    const events = { reset: this.#reset, touched: this.#touched };
    this.#touched = new Map();
    this.#reset = false;
    return events;
  }

  close(): void {
    this.forget();
    this.onclose();
  }

  /** Drop all rows from memory. */
  forget(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.rows.clear();
    this.#touched.clear();
    this.#gone = 0;
    this.#reset = true;
    this.synced = false;
    this.version++;
  }

  take(message: ServerMessage): void {
    switch (message.type) {
      case "columns":
        this.columns = message.columns;
        break;
      case "rows":
        if (message.reset) {
          this.rows.clear();
          this.#gone = 0;
          this.#reset = true;
        }
        for (const row of message.rows) this.#set(row, 0);
        this.#tell();
        break;
      case "synced":
        this.synced = true;
        this.asOf = message.as_of;
        this.took = message.took;
        this.error = null;
        this.#tell();
        break;
      case "changes": {
        const now = performance.now();
        for (const row of message.set) this.#set(row, now);
        for (const [namespace, name] of message.gone) this.#mourn(`${namespace}/${name}`, now);
        this.asOf = message.as_of;
        this.#tell();
        break;
      }
      case "state":
        this.state = message.state;
        this.since = message.since;
        this.message = message.message ?? "";
        this.missing = message.missing ?? [];
        this.retryAt = message.retry_at ?? null;
        break;
      case "error":
        this.error = message;
        this.state = "failed";
        this.message = message.message;
        break;
      default:
    }
  }

  #set([namespace, name, cells]: WireRow, now: number): void {
    const key = `${namespace}/${name}`;
    const known = this.rows.get(key);
    if (known) {
      if (known.goneAt) {
        known.goneAt = 0;
        this.#gone--;
      }
      known.cells = cells;
      known.changedAt = now;
      this.#touched.set(key, known);
      return;
    }
    const row: Row = { key, namespace, name, cells, changedAt: now, goneAt: 0 };
    this.rows.set(key, row);
    this.#touched.set(key, row);
  }

  #mourn(key: string, now: number): void {
    const row = this.rows.get(key);
    if (!row || row.goneAt) return;
    row.goneAt = now;
    this.#gone++;
    this.#touched.set(key, row);
    this.#timer ??= setTimeout(() => this.#bury(), GONE_FOR);
  }

  #bury(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const row of this.rows.values()) {
      if (!row.goneAt) continue;
      if (now - row.goneAt >= GONE_FOR - 50) {
        this.rows.delete(row.key);
        this.#gone--;
        this.#touched.set(row.key, row);
      } else next = Math.min(next, row.goneAt + GONE_FOR - now);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#bury(), next);
    this.#tell();
  }

  #tell(): void {
    // A hidden tab gets no animation frames; it is told when it is looked at again.
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.version++;
    });
  }
}
