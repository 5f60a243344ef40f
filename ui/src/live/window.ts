/** What is in sight of a list that is too long to be sent whole: the page's side of windows. */
import type { Cell } from "../app/types";
import { LONGEST_COLUMN_ID } from "./limits";
import type { Row } from "./rows.svelte";
import type { FacetCount, ViewSpec, WindowMessage } from "./protocol";

/** What a list shows: all of a `ViewSpec` but its number. */
export type Sight = Omit<ViewSpec, "number">;

/** A window as it is drawn. */
export interface Windowed {
  /** The place of the first of `rows` among those that match. */
  readonly first: number;
  readonly rows: readonly Row[];
  readonly total: number;
  readonly matching: number;
  readonly facets: readonly FacetCount[];
  readonly problem: string;
}

/** What a list is going to show, as far as its address says: `filter` is of `LONGEST_FILTER` characters at most, `sort` a column's name, after a "-" when it descends. */
export function firstSight(filter: string, sort: string): Sight {
  const name = sort.replace(/^-/, "");
  return { filter, sort: name === "" || name.length > LONGEST_COLUMN_ID ? "@urgent" : name, descending: sort.startsWith("-"), status: "", first: 0, count: 100 };
}

const sameRows = (a: Sight, b: Sight): boolean => a.filter === b.filter && a.sort === b.sort && a.descending === b.descending && a.status === b.status;

/** Counts the views of one list, and knows which answers still matter. */
export class Views {
  #number = 1;
  /** The oldest view that asked for the rows that are wanted now, in their order. */
  #since = 1;

  constructor(private sight: Sight) {}

  get spec(): ViewSpec {
    return { number: this.#number, ...this.sight };
  }

  /** Look at something else. Returns whether it is anything else. */
  look(sight: Sight): boolean {
    const rows = sameRows(sight, this.sight);
    if (rows && sight.first === this.sight.first && sight.count === this.sight.count) return false;
    this.sight = sight;
    this.#number++;
    if (!rows) this.#since = this.#number;
    return true;
  }

  /** Whether an answer is about the rows that are wanted now, in their order, if not from the same place on. */
  matters = (number: number): boolean => number >= this.#since;
  isNewest = (number: number): boolean => number === this.#number;
}

/**
 * The window that the server knows this page to have. Each message says what is other than in the one before it, so that
 * all have to be taken in, those too that are not drawn because something else is wanted by now.
 */
export class WindowModel {
  #order: readonly string[] = [];
  #facets: readonly FacetCount[] = [];

  /** Take in a message, into the rows that the page holds, each named by one of its cells; `now` marks a row that was known and has changed. */
  take(message: WindowMessage, nameColumn: number, rows: Map<string, Row>, now: number): Windowed {
    for (const [namespace, cells] of message.set) put(namespace, String(cells[nameColumn]), cells, rows, now);
    if (message.order) {
      this.#order = message.order.map(([namespace, name]) => `${namespace}/${name}`);
      const kept = new Set(this.#order);
      for (const key of rows.keys()) if (!kept.has(key)) rows.delete(key);
    }
    if (message.facets) this.#facets = message.facets;
    return {
      first: message.first,
      rows: this.#order.flatMap((key) => rows.get(key) ?? []),
      total: message.total,
      matching: message.matching,
      facets: this.#facets,
      problem: message.problem,
    };
  }
}

function put(namespace: string, name: string, cells: readonly Cell[], rows: Map<string, Row>, now: number): void {
  const key = `${namespace}/${name}`;
  const known = rows.get(key);
  if (!known) rows.set(key, { key, namespace, name, cells, changedAt: 0, goneAt: 0 });
  else {
    known.cells = cells;
    known.changedAt = now;
  }
}
