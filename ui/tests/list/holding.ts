/** A subscription that holds rows, without a server. */
import type { WireRow } from "../../src/live/protocol";
import { RowSet } from "../../src/live/rows.svelte";

export function holding(rows: readonly WireRow[]): RowSet {
  const query = { cluster: "main", resource: { group: "", version: "v1", plural: "pods", namespaced: true }, namespaces: null, label_selector: "", field_selector: "" };
  const set = new RowSet(query, { close: () => undefined, look: () => undefined, view: () => undefined, locate: () => undefined });
  set.take({ type: "rows", id: 1, reset: true, rows });
  return set;
}
