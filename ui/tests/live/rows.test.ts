import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WireRow } from "../../src/live/protocol";
import { GONE_FOR, RowSet } from "../../src/live/rows.svelte";
import { ownFrames } from "./frames";

const QUERY = { cluster: "main", resource: { group: "", version: "v1", plural: "pods", namespaced: true }, namespaces: null, label_selector: "", field_selector: "" };
const rowsOf = (...names: string[]): WireRow[] => names.map((name) => ["shop", [name]]);
const SYNCED = { type: "synced", id: 1, count: 2, as_of: 1, took: 1 } as const;

describe("cells of extra columns", () => {
  let rows: RowSet;
  beforeEach(() => {
    vi.useFakeTimers();
    ownFrames();
    rows = new RowSet(QUERY, { close: () => undefined, look: () => undefined, view: () => undefined, locate: () => undefined });
    vi.advanceTimersByTime(1);
    rows.take({ type: "rows", id: 1, reset: true, rows: rowsOf("a", "b") });
    rows.take(SYNCED);
    rows.extra.look(["owner"], null);
    rows.take({ type: "extra", id: 1, reset: true, columns: [{ id: "owner", name: "Owner", type: "string", problem: "" }], rows: [["shop", "a", ["x"]], ["shop", "b", ["y"]]] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("go with their row, once it is no longer seen", () => {
    rows.take({ type: "changes", id: 1, as_of: 2, gone: [["shop", "a"]] });
    expect(rows.extra.cell("shop/a", "owner")).toBe("x");
    vi.advanceTimersByTime(GONE_FOR);
    expect([rows.extra.known, rows.count]).toEqual([1, 1]);
    expect(rows.extra.cell("shop/a", "owner")).toBeUndefined();
  });
  it("of rows that stay over a reset stay, and the others go", () => {
    rows.take({ type: "rows", id: 1, reset: true, rows: rowsOf("b", "c") });
    rows.take(SYNCED);
    expect(rows.extra.known).toBe(1);
    expect(rows.extra.cell("shop/b", "owner")).toBe("y");
  });
});
