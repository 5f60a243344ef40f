import { describe, expect, it } from "vitest";
import { movedAt } from "../../src/list/anchor";
import { Ticks } from "../../src/list/ticks.svelte";

const placed = (from: number, rows: string): { from: number; rows: string[] } => ({ from, rows: [...rows] });
const entries = (keys: string): { row: { key: string } }[] => [...keys].map((key) => ({ row: { key } }));

describe("rows that somebody looks at", () => {
  it.each([
    ["stay where they are", placed(0, "abcde"), placed(0, "abcde"), 2, 0],
    ["move down when others come above", placed(0, "abcde"), placed(0, "xyabc"), 2, 2],
    ["move up when others go above", placed(0, "abcde"), placed(0, "bcdef"), 2, -1],
    ["are found in another window", placed(100, "abcde"), placed(102, "cdefg"), 103, 0],
    ["are not followed when one sorts elsewhere by itself", placed(0, "abcde"), placed(0, "dabce"), 3, 0],
    ["stay when the one in the middle is gone", placed(0, "abcde"), placed(0, "abdef"), 2, 0],
    ["move with the only one that is left", placed(0, "abcde"), placed(4, "exyz"), 3, 0],
  ])("%s", (_, before, after, at, moved) => {
    expect(movedAt(before, after, at)).toBe(moved);
  });
  it("say nothing when none of them is here any more", () => {
    expect(movedAt(placed(0, "abc"), placed(0, "xyz"), 1)).toBeNull();
    expect(movedAt(placed(0, ""), placed(0, "xyz"), 0)).toBeNull();
  });
});

describe("a range of ticks", () => {
  it("reaches from the row that was ticked last to this one", () => {
    const ticks = new Ticks();
    ticks.toggle("d", entries("abcde"), false);
    ticks.toggle("b", entries("abcde"), true);
    expect([...ticks.keys].sort().join("")).toBe("bcd");
    expect(ticks.note).toBe("");
  });
  it("says so when that row is not here, and ticks this one alone", () => {
    const ticks = new Ticks();
    ticks.toggle("a", entries("abcde"), false);
    ticks.toggle("z", entries("xyz"), true);
    expect([...ticks.keys].sort().join("")).toBe("az");
    expect(ticks.note).not.toBe("");
    ticks.toggle("y", entries("xyz"), true);
    expect([...ticks.keys].sort().join("")).toBe("ayz");
    expect(ticks.note).toBe("");
  });
  it("begins with the first row that is ticked", () => {
    const ticks = new Ticks();
    ticks.toggle("b", entries("abc"), true);
    expect([[...ticks.keys], ticks.note]).toEqual([["b"], ""]);
  });
});
