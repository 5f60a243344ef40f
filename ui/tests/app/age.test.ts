import { describe, expect, it } from "vitest";
import { humanDuration, inWords } from "../../src/app/age";

describe("ages", () => {
  // The boundaries of kubectl's own printer.
  it.each([
    [-5, "<invalid>"],
    [0, "0s"],
    [119, "119s"],
    [120, "2m"],
    [133, "2m13s"],
    [599, "9m59s"],
    [600, "10m"],
    [10_799, "179m"],
    [10_800, "3h"],
    [11_520, "3h12m"],
    [28_800, "8h"],
    [172_799, "47h"],
    [172_800, "2d"],
    [176_400, "2d1h"],
    [691_200, "8d"],
    [63_072_000, "2y"],
    [63_158_400, "2y1d"],
  ])("%i s is %s", (seconds, text) => {
    expect(humanDuration(seconds)).toBe(text);
  });
  it("says durations in words", () => {
    expect(inWords(40)).toBe("40 s");
    expect(inWords(180)).toBe("3 min");
  });
});
