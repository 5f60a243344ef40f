import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ViewSpec, WindowMessage, WireKey, WireRow } from "../../src/live/protocol";
import { RowSet } from "../../src/live/rows.svelte";
import type { Sight } from "../../src/live/window";
import { ownFrames } from "./frames";

const QUERY = { cluster: "main", resource: { group: "", version: "v1", plural: "pods", namespaced: true }, namespaces: null, label_selector: "", field_selector: "" };
const TOP: Sight = { filter: "", sort: "@urgent", descending: false, status: "Status", first: 0, count: 2 };
const row = (name: string, word = "Running"): WireRow => ["shop", [name, word]];
const told = (view: number, first: number, names: readonly string[] | null, more: Partial<WindowMessage> = {}): WindowMessage => ({
  type: "window",
  id: 1,
  view,
  first,
  total: 50_000,
  matching: 50_000,
  set: (names ?? []).map((name) => row(name)),
  order: names?.map((name) => ["shop", name] as const) ?? null,
  facets: null,
  problem: "",
  as_of: 1,
  ...more,
});

let frame: () => void;
let said: ViewSpec[];
let sought: WireKey[];
let rows: RowSet;
beforeEach(() => {
  frame = ownFrames();
  said = [];
  sought = [];
  rows = new RowSet(QUERY, { close: () => undefined, look: () => undefined, view: (view) => said.push(view), locate: (key) => sought.push(key) }, TOP);
});
afterEach(() => vi.unstubAllGlobals());
const names = (): string[] | undefined => rows.window?.rows.map(({ name }) => name);

describe("a list in windows", () => {
  it("says with the subscription what is in sight", () => {
    expect(rows.view).toEqual({ number: 1, ...TOP });
  });
  it("says nothing of what is in sight while all rows are here", () => {
    rows.take({ type: "rows", id: 1, reset: true, rows: [row("a"), row("b")] });
    rows.look({ ...TOP, filter: "a" });
    frame();
    expect(said).toEqual([]);
    expect(rows.window).toBeNull();
  });
  it("has the counts of the server, not of the rows that are here", () => {
    rows.take(told(1, 0, ["a", "b"], { matching: 120, facets: [{ value: "Running", count: 90, tone: "ok" }] }));
    expect([rows.count, rows.window?.matching]).toEqual([50_000, 120]);
    rows.take(told(1, 0, null, { matching: 119 }));
    expect(rows.window?.facets).toEqual([{ value: "Running", count: 90, tone: "ok" }]);
    expect(names()).toEqual(["a", "b"]);
  });
  it("asks at once, and then once a frame for the newest of what was typed and scrolled", () => {
    rows.take(told(1, 0, ["a", "b"]));
    for (const filter of ["x", "xy", "xyz"]) rows.look({ ...TOP, filter });
    rows.look({ ...TOP, filter: "xyz" });
    expect(said.map(({ number, filter }) => [number, filter])).toEqual([[2, "x"]]);
    frame();
    frame();
    expect(said.map(({ number, filter }) => [number, filter])).toEqual([[2, "x"], [4, "xyz"]]);
  });
  it("does not draw an answer to an older filter, and knows its rows all the same", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.look({ ...TOP, filter: "x" });
    frame();
    rows.look({ ...TOP, filter: "xy" });
    frame();
    rows.take(told(2, 0, ["x1", "xy1"], { matching: 2 }));
    expect(names()).toEqual(["a", "b"]);
    // What the older answer has told already is not told again.
    rows.take(told(3, 0, null, { matching: 1, order: [["shop", "xy1"]] }));
    expect(names()).toEqual(["xy1"]);
    expect([...rows.rows.keys()]).toEqual(["shop/xy1"]);
  });
  it("draws an answer to an older place of the same rows", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.look({ ...TOP, first: 10 });
    rows.look({ ...TOP, first: 20 });
    rows.take(told(2, 10, ["k", "l"]));
    expect([rows.window?.first, names()]).toEqual([10, ["k", "l"]]);
  });
  it("keeps rows that stay in sight, and marks those that change there", () => {
    rows.take(told(1, 0, ["a", "b"]));
    const b = rows.rows.get("shop/b");
    rows.take(told(1, 1, null, { set: [row("c")], order: [["shop", "b"], ["shop", "c"]] }));
    expect(rows.rows.get("shop/b")).toBe(b);
    expect(b?.changedAt).toBe(0);
    rows.take(told(1, 1, null, { set: [row("b", "Failed")] }));
    expect(rows.window?.rows.map(({ cells }) => cells[1])).toEqual(["Failed", "Running"]);
    expect(b?.changedAt).toBeGreaterThan(0);
  });
  it("follows a list that shrinks under the place that was looked at", () => {
    rows.take(told(1, 49_998, ["y", "z"]));
    rows.take(told(1, 0, ["a"], { total: 1, matching: 1 }));
    expect([rows.window?.first, rows.count, names()]).toEqual([0, 1, ["a"]]);
    rows.take(told(1, 0, [], { total: 0, matching: 0 }));
    expect([rows.count, names()]).toEqual([0, []]);
  });
  it("goes from all rows to windows and back", () => {
    rows.take({ type: "rows", id: 1, reset: true, rows: [row("a"), row("b"), row("c")] });
    rows.look({ ...TOP, sort: "Name" });
    rows.take(told(1, 0, ["a", "b"]));
    expect(rows.rows.size).toBe(2);
    frame();
    expect(said.map(({ sort }) => sort)).toEqual(["Name"]);
    rows.take({ type: "rows", id: 1, reset: true, rows: [row("a"), row("c")] });
    expect([rows.window, rows.count]).toEqual([null, 2]);
  });
  it("tells a new connection the newest view", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.look({ ...TOP, first: 400 });
    rows.forget();
    expect(rows.view?.first).toBe(400);
    rows.take(told(rows.view?.number ?? 0, 400, ["m", "n"]));
    expect(names()).toEqual(["m", "n"]);
  });
});

describe("a row that is out of the window", () => {
  const CART = ["shop", "cart"] as const;
  const placed = (view: number, index: number | null) => ({ type: "located" as const, id: 1, view, key: CART, index });

  it("is asked for, and its place is told", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.locate(CART);
    expect(sought).toEqual([CART]);
    rows.take(placed(1, 31_415));
    expect(rows.located?.index).toBe(31_415);
  });
  it("is asked for after the order that it is to be found in", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.look({ ...TOP, sort: "Age" });
    rows.look({ ...TOP, sort: "Name" });
    rows.locate(CART);
    expect([said.map(({ number }) => number), sought]).toEqual([[2], []]);
    frame();
    expect([said.map(({ number }) => number), sought]).toEqual([[2, 3], [CART]]);
  });
  it("is asked for again when its place is one in an order that is no longer wanted", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.locate(CART);
    rows.look({ ...TOP, sort: "Name" });
    rows.take(placed(1, 5));
    expect(rows.located).toBeNull();
    expect(sought).toEqual([CART, CART]);
    rows.take(placed(2, 7));
    expect(rows.located?.index).toBe(7);
  });
  it("has no place that is remembered once all rows are forgotten", () => {
    rows.take(told(1, 0, ["a", "b"]));
    rows.take(placed(1, 5));
    rows.forget();
    expect(rows.located).toBeNull();
  });
});
