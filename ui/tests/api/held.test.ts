import { describe, expect, it } from "vitest";
import { Held } from "../../src/api/held";
import { ApiProblem } from "../../src/api/problem";

describe("a page whose session ended", () => {
  it("sends nothing until it is let go on", () => {
    const held = new Held();
    held.refuse();
    held.hold();
    expect(() => held.refuse()).toThrow(ApiProblem);
    held.release();
    held.refuse();
  });
  it("tells those who wait, once a release, and those who left no more", () => {
    const held = new Held();
    const told: string[] = [];
    held.onRelease(() => told.push("a"));
    const leave = held.onRelease(() => told.push("b"));
    held.release();
    expect(told).toEqual([]);
    held.hold();
    held.release();
    expect(told).toEqual(["a", "b"]);
    leave();
    held.hold();
    held.release();
    expect(told).toEqual(["a", "b", "a"]);
  });
  it("refuses with a problem of the session's own, which the page does not take for the end of another one", () => {
    const held = new Held();
    held.hold();
    try {
      held.refuse();
    } catch (error) {
      expect(error).toMatchObject({ status: 401, code: "session.held" });
    }
    expect.assertions(1);
  });
});
