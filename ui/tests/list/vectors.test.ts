// The same rows, filters and orders that the server is held to.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import filters from "../../../tests/vectors/filter.json";
import orders from "../../../tests/vectors/order.json";
import type { Cell, Column } from "../../src/app/types";
import { parseFilter } from "../../src/list/filter";
import type { FindColumn } from "../../src/list/matching";
import { statusReader } from "../../src/list/status";
import { ListView, type Order } from "../../src/list/view.svelte";
import type { Row } from "../../src/live/rows.svelte";
import { ownFrames } from "../live/frames";
import { holding } from "./holding";

interface Table {
  readonly about: string;
  readonly plural: string;
  readonly status: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly [namespace: string, name: string, cells: readonly Cell[]])[];
}
interface Filters extends Table {
  /** What extra columns say of rows, by their ids and then by row. */
  readonly extras?: Readonly<Record<string, Readonly<Record<string, Cell>>>>;
  readonly cases: readonly { readonly filter: string; readonly matches: readonly string[]; readonly problem: boolean }[];
}
interface Orders extends Table {
  readonly cases: readonly { readonly sort: string; readonly descending: boolean; readonly order: readonly string[] }[];
}
const FILTERS = filters as unknown as { readonly now: number; readonly tables: readonly Filters[] };
const ORDERS = orders as unknown as { readonly tables: readonly Orders[] };

function viewOf({ plural, status, columns, rows }: Table, filter: string, order: Order, extras: Filters["extras"] = {}): ListView {
  const view = new ListView();
  const find: FindColumn = (field) => {
    const values = extras[field];
    return values ? ({ key }) => values[key] ?? null : null;
  };
  view.update(holding(rows.map(([namespace, , cells]) => [namespace, cells])), { columns, filter: parseFilter(filter), order, status: statusReader(columns, status || null, plural), find }, false, FILTERS.now);
  return view;
}
const shown = (view: ListView, say: (row: Row) => string): string[] => view.entries.map(({ row }) => say(row));

beforeAll(() => void ownFrames());
afterAll(() => vi.unstubAllGlobals());

describe("filters", () => {
  for (const table of FILTERS.tables) {
    it.each(table.cases)(`${table.about}: $filter`, ({ filter, matches, problem }) => {
      const view = viewOf(table, filter, { by: "urgent", descending: false }, table.extras);
      expect(new Set(shown(view, ({ key, name }) => (table.extras ? key : name)))).toEqual(new Set(matches));
      expect(view.problem !== "").toBe(problem);
    });
  }
});

describe("orders", () => {
  for (const table of ORDERS.tables) {
    it.each(table.cases)(`${table.about}: $sort, descending: $descending`, ({ sort, descending, order }) => {
      const at = table.columns.findIndex(({ name }) => name === sort);
      const view = viewOf(table, "", { by: sort === "@namespace" ? "namespace" : at < 0 ? "urgent" : at, descending });
      expect(shown(view, ({ key }) => key)).toEqual(order);
    });
  }
});
