/** A subscription that holds rows, without a server. */
import type { Cell } from "../../src/app/types";
import { RowSet } from "../../src/live/rows.svelte";

type WireRow = readonly [namespace: string, name: string, cells: readonly Cell[]];

export function holding(rows: readonly WireRow[]): RowSet {
  const query = { cluster: "main", resource: { group: "", version: "v1", plural: "pods", namespaced: true }, namespaces: null, label_selector: "", field_selector: "" };
  const set = new RowSet(query, { close: () => undefined, look: () => undefined, view: () => undefined });
  set.take({ type: "rows", id: 1, reset: true, rows });
  return set;
}
