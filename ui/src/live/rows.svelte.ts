/** The rows of one subscription, kept in memory and told about once an animation frame. */
import type { Cell, Column } from "../app/types";
import { ExtraColumns, type Look } from "./extra.svelte";
import type { LiveState, LocatedMessage, Missing, Query, ServerMessage, ViewSpec, WindowMessage, WireKey, WireRow } from "./protocol";
import { Views, WindowModel, type Sight, type Windowed } from "./window";

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
  readonly extra: ExtraColumns;
  /** What is in sight of a list that is too long to be sent whole; null when all rows are here. */
  readonly window: Windowed | null;
  /** The newest answer to `locate`. */
  readonly located: LocatedMessage | null;
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
  /** Say what of the list is shown now: windows follow it. */
  look(sight: Sight): void;
  /** Ask for the place of a row that is not in the window, in the order that is looked at. */
  locate(key: WireKey): void;
  close(): void;
}

/** How long a deleted row stays. */
export const GONE_FOR = 5000;

/** What a subscription has to say to the server, once there is a connection. */
export interface Speaker {
  close(): void;
  look(look: Look): void;
  view(view: ViewSpec): void;
  locate(key: WireKey): void;
}

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
  window = $state.raw<Windowed | null>(null);
  located = $state.raw<LocatedMessage | null>(null);
  error = $state.raw<Subscription["error"]>(null);

  readonly extra: ExtraColumns;
  readonly rows = new Map<string, Row>();
  #touched = new Map<string, Row>();
  readonly #views: Views | null;
  #nameColumn = 0;
  #model: WindowModel | null = null;
  #asking = 0;
  /** Something else is looked at than what was asked for in this frame. */
  #more = false;
  /** To be asked for after the view that is about to be sent. */
  #sought: WireKey | null = null;
  #reset = true;
  #gone = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly query: Query,
    private readonly speaker: Speaker,
    /** Null for a list that has to be here as a whole. */
    sight: Sight | null = null,
  ) {
    this.extra = new ExtraColumns((look) => speaker.look(look));
    this.#views = sight && new Views(sight);
  }

  /** What the server is told with the subscription. */
  get view(): ViewSpec | null {
    return this.#views?.spec ?? null;
  }

  get count(): number {
    return this.window?.total ?? this.rows.size - this.#gone;
  }

  drain(): RowEvents {
    const events = { reset: this.#reset, touched: this.#touched };
    this.#touched = new Map();
    this.#reset = false;
    return events;
  }

  close(): void {
    this.forget();
    this.speaker.close();
  }

  look(sight: Sight): void {
    if (this.#views?.look(sight) && this.#model) this.#ask();
  }

  locate(key: WireKey): void {
    if (this.#more) this.#sought = key;
    else this.speaker.locate(key);
  }

  /** Drop all rows from memory. */
  forget(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#asking);
    this.#frame = this.#asking = 0;
    this.#more = false;
    this.#sought = null;
    this.#model = null;
    this.window = this.located = null;
    this.rows.clear();
    this.extra.forget();
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
        this.#nameColumn = message.name_column;
        break;
      case "rows":
        if (message.reset) {
          this.#model = null;
          this.window = null;
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
        // What was here before a reset may have gone with it; of a window the rows in view decide.
        if (!this.#model) this.extra.retain(this.rows);
        this.#tell();
        break;
      case "changes": {
        const now = performance.now();
        for (const row of message.set ?? []) this.#set(row, now);
        for (const [namespace, name] of message.gone ?? []) this.#mourn(`${namespace}/${name}`, now);
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
      case "window":
        this.#takeWindow(message);
        break;
      case "located":
        if (this.#views?.matters(message.view)) this.located = message;
        // A place in an order that is no longer wanted.
        else if (this.#model) this.locate(message.key);
        break;
      case "extra":
        for (const key of this.extra.take(message)) {
          const row = this.rows.get(key);
          if (row) this.#touched.set(key, row);
        }
        this.#tell();
        break;
      case "error":
        this.error = message;
        this.state = "failed";
        this.message = message.message;
        break;
      default:
    }
  }

  #takeWindow(message: WindowMessage): void {
    if (!this.#model) {
      this.#model = new WindowModel();
      this.rows.clear();
      this.#touched.clear();
      this.#gone = 0;
    }
    const window = this.#model.take(message, this.#nameColumn, this.rows, performance.now());
    this.asOf = message.as_of;
    if (!this.#views?.isNewest(message.view) && this.window === null) this.#ask();
    // An answer to something that is no longer wanted is known to the model, and not drawn.
    if (this.window !== null && !this.#views?.matters(message.view)) return;
    this.window = window;
    this.#tell();
  }

  /** At once, and after that once a frame, whatever was typed and scrolled in it. */
  #ask(): void {
    if (this.#asking) {
      this.#more = true;
      return;
    }
    this.#more = false;
    if (this.#views) this.speaker.view(this.#views.spec);
    if (this.#sought) this.speaker.locate(this.#sought);
    this.#sought = null;
    this.#asking = requestAnimationFrame(() => {
      this.#asking = 0;
      if (this.#more) this.#ask();
    });
  }

  #set([namespace, cells]: WireRow, now: number): void {
    const name = String(cells[this.#nameColumn]);
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
        this.extra.drop(row.key);
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
