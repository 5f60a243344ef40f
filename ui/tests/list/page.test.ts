import { describe, expect, it } from "vitest";
import type { ShownColumn } from "../../src/list/columns";
import { orderOf, parseSort } from "../../src/list/order";
import { Ticks } from "../../src/list/ticks.svelte";
import { headingOf, scopeOf, summaryOf } from "../../src/list/words";

const entries = ["a", "b", "c", "d"].map((key) => ({ row: { key } }));

describe("ticks", () => {
  it("are set and taken away", () => {
    const ticks = new Ticks();
    ticks.toggle("b", entries, false);
    ticks.toggle("c", entries, false);
    ticks.toggle("b", entries, false);
    expect([...ticks.keys]).toEqual(["c"]);
  });
  it("reach from the last one, either way", () => {
    const ticks = new Ticks();
    ticks.toggle("c", entries, false);
    ticks.toggle("a", entries, true);
    expect([...ticks.keys].sort()).toEqual(["a", "b", "c"]);
  });
  it("are one alone when the last one is no longer there", () => {
    const ticks = new Ticks();
    ticks.toggle("gone", entries, false);
    ticks.toggle("d", entries, true);
    expect([...ticks.keys].sort()).toEqual(["d", "gone"]);
  });
  it("stay where a range can't be told", () => {
    const ticks = new Ticks();
    ticks.toggle("b", entries, false);
    ticks.toggle("gone", entries, false);
    ticks.toggle("b", entries, true);
    expect([...ticks.keys].sort()).toEqual(["b", "gone"]);
    expect(ticks.note).toContain("Only this row was ticked");
  });
});

describe("the order that an address names", () => {
  const column = (name: string, index: number): ShownColumn => ({ name, index, role: "other", numeric: false, mono: false, description: "", wide: false });
  const columns = [column("Age", 3), column("Namespace", -1)];
  it("is by a column, up or down", () => {
    expect(orderOf(parseSort("-Age"), columns, null)).toEqual({ by: 3, descending: true });
    expect(orderOf(parseSort("Namespace"), columns, null)).toEqual({ by: "namespace", descending: false });
  });
  it("is what is broken first when there is no such column", () => {
    expect(orderOf(parseSort("-Nothing"), columns, null)).toEqual({ by: "urgent", descending: false });
  });
});

describe("what a list says of itself", () => {
  it("is how many match, of how many", () => {
    expect([headingOf(3, 12_000, true), headingOf(12_000, 12_000, true), headingOf(0, 7, false)]).toEqual(["3 of 12,000", "12,000", "7"]);
  });
  it("is how it was read once it is complete, and how far it is until then", () => {
    expect(summaryOf({ synced: true, asOf: 0, took: 0.004 }, 1, 1, false)).toBe("1 row, read in 0.01 s");
    expect(summaryOf({ synced: false, asOf: 0, took: 0 }, 500, 500, false)).toBe("500 rows so far");
    expect(summaryOf({ synced: false, asOf: 0, took: 0 }, 0, 0, false)).toBe("");
  });
  it("is where was looked", () => {
    const pods = { namespaced: true };
    expect([scopeOf({ namespaced: false }, ["shop"]), scopeOf(pods, []), scopeOf(pods, ["shop"]), scopeOf(pods, ["a", "b"])]).toEqual(["the cluster", "any namespace", "namespace shop", "these 2 namespaces"]);
  });
});
