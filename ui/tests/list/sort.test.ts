import { describe, expect, it } from "vitest";
import type { Cell } from "../../src/app/types";
import { compareKeys, isDuration, merge, sortKey } from "../../src/list/sort";

const sorted = (cells: readonly Cell[], duration = false): Cell[] => [...cells].sort((a, b) => compareKeys(sortKey(a, duration), sortKey(b, duration)));

describe("sorting by what cells mean", () => {
  it("puts numbers in names in the order of numbers", () => {
    expect(sorted(["web-10", "web-9", "web-1", "Web-2"])).toEqual(["web-1", "Web-2", "web-9", "web-10"]);
  });
  it("compares long numbers without losing digits", () => {
    expect(sorted(["a-90071992547409931", "a-90071992547409930"])).toEqual(["a-90071992547409930", "a-90071992547409931"]);
  });
  it("compares quantities by their size", () => {
    expect(sorted(["1Gi", "512Mi", "2", "250m", "900Mi"])).toEqual(["250m", "2", "512Mi", "900Mi", "1Gi"]);
  });
  it("compares durations as such, 90m included, in columns that have them", () => {
    expect(sorted(["3h12m", "45s", "2d", "90m"], true)).toEqual(["45s", "90m", "3h12m", "2d"]);
    expect(sorted(["1", "90m"])).toEqual(["90m", "1"]);
    expect(isDuration("Duration")).toBe(true);
    expect(isDuration("Last Schedule")).toBe(true);
    expect(isDuration("Storage")).toBe(false);
  });
  it("puts the youngest instant first", () => {
    expect(sorted([{ at: 100 }, { at: 300 }, { at: 200 }])).toEqual([{ at: 300 }, { at: 200 }, { at: 100 }]);
  });
  it("puts what is not ready first", () => {
    expect(sorted(["2/2", "0/1", "1/2", "1/1"])).toEqual(["0/1", "1/2", "1/1", "2/2"]);
  });
  it("sorts a text with an instant by its text", () => {
    expect(sorted([{ text: "41", at: 1 }, 0, { text: "5", at: 2 }])).toEqual([0, { text: "5", at: 2 }, { text: "41", at: 1 }]);
  });
});

describe("merging", () => {
  it("keeps two sorted lists in order", () => {
    expect(merge([1, 4, 6], [0, 4, 5, 9], (a, b) => a - b)).toEqual([0, 1, 4, 4, 5, 6, 9]);
  });
  it("copies when nothing is added", () => {
    const list = [1, 2];
    expect(merge(list, [], (a, b) => a - b)).toEqual(list);
    expect(merge(list, [], (a, b) => a - b)).not.toBe(list);
  });
});
