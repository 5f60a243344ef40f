/** The extra columns of one subscription: what the list asks for, and what the server has told of it. */
import { MOST_LOOKED_AT } from "./limits";
import type { ExtraCell, ExtraDefinition, ExtraMessage, WireKey } from "./protocol";

/** Which extra columns of which rows are looked at; `rows` null for all of them. */
export interface Look {
  readonly extra: readonly string[];
  readonly rows: readonly WireKey[] | null;
}

/** How long the rows in view have to stay the same before they are asked for, in milliseconds: scrolling passes by. */
const SETTLE = 100;

const keyOf = ([namespace, name]: WireKey): string => `${namespace}/${name}`;

export class ExtraColumns {
  definitions = $state.raw<readonly ExtraDefinition[]>([]);

  #cells = new Map<string, readonly ExtraCell[]>();
  #look: Look = { extra: [], rows: [] };
  #said = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `say` sends a look, if there is a connection; a new connection is told `current`. */
  constructor(private readonly say: (look: Look) => void) {}

  /** Of how many rows cells are known. */
  get known(): number {
    return this.#cells.size;
  }

  /** What is asked for; null for nothing. */
  get current(): Look | null {
    return this.#look.extra.length ? this.#look : null;
  }

  /** Ask for these columns of these rows. Other columns are asked for at once, other rows when they stay in view. */
  look(extra: readonly string[], rows: readonly WireKey[] | null): void {
    const other = extra.join("\n") !== this.#look.extra.join("\n") || (rows === null) !== (this.#look.rows === null);
    const before = JSON.stringify(this.#look);
    this.#look = { extra, rows: rows?.slice(0, MOST_LOOKED_AT) ?? null };
    // A list that is drawn again and again must not put off for ever what is asked for the rows that stay in it.
    if (!other && before === JSON.stringify(this.#look)) return;
    clearTimeout(this.#timer);
    if (other) this.#tell();
    else if (extra.length) this.#timer = setTimeout(() => this.#tell(), SETTLE);
  }

  /** The cell of a row; undefined while it is not known. */
  cell(key: string, id: string): ExtraCell | undefined {
    return this.#cells.get(key)?.[this.definitions.findIndex((definition) => definition.id === id)];
  }

  /** Take in a message. Returns the keys of the rows that it speaks of. */
  take({ reset, columns, rows }: ExtraMessage): string[] {
    const touched = reset ? [...this.#cells.keys()] : [];
    if (reset) this.#cells.clear();
    if (columns) this.definitions = columns;
    for (const [namespace, name, cells] of rows) {
      const key = `${namespace}/${name}`;
      this.#cells.set(key, cells);
      touched.push(key);
    }
    return touched;
  }

  /** A row is no longer in the list. */
  drop(key: string): void {
    this.#cells.delete(key);
  }

  /** Only these rows are in the list by now. */
  retain(rows: ReadonlyMap<string, unknown>): void {
    for (const key of this.#cells.keys()) if (!rows.has(key)) this.#cells.delete(key);
  }

  /** Nobody looks any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#cells.clear();
    this.#look = { extra: [], rows: [] };
    this.definitions = [];
  }

  #tell(): void {
    const said = JSON.stringify(this.#look);
    if (said === this.#said) return;
    this.#said = said;
    const { extra, rows } = this.#look;
    if (extra.length === 0) this.definitions = [];
    // What went out of view is sent again when it comes back.
    if (rows) {
      const inView = new Set(rows.map(keyOf));
      for (const key of this.#cells.keys()) if (!inView.has(key)) this.#cells.delete(key);
    }
    this.say(this.#look);
  }
}
