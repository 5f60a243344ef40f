import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Resource } from "../../src/app/types";
import { fitting } from "../../src/live/everything";
import type { Found, Search } from "../../src/live/protocol";

const asked: Search[] = [];
let tell: (found: Found) => void;
vi.mock("../../src/live/client.svelte", () => ({
  live: {
    search: (query: Search, then: (found: Found) => void) => {
      asked.push(query);
      tell = then;
      return () => undefined;
    },
  },
}));
vi.mock("../../src/app/router.svelte", () => ({ router: {} }));
const { Finder } = await import("../../src/shell/palette/finder.svelte");
const { progressOf } = await import("../../src/shell/palette/found");

const kinds = (count: number, group = "example.com"): Resource[] =>
  Array.from({ length: count }, (_, at) => ({ group, version: "v1", plural: `widgets${at}`, singular: "", kind: "", namespaced: true, shortNames: [], verbs: [], subresources: [] }));
const found = (total: number, of: number): Found => ({ type: "found", search: 1, hits: [], total, read: of, kinds: of, missing: [] });

describe("a search of everything", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  it("names as many kinds as the server takes, and says how many are left out", () => {
    const finder = new Finder();
    finder.searchAll();
    finder.look("main", "cart", kinds(520));
    vi.runAllTimers();
    expect(asked[0]?.everything).toHaveLength(500);
    expect(progressOf(found(3, 500), finder.left)).toBe("3 found in 500 kinds; 20 more kinds are too many for one search");
    finder.look("main", "cart", kinds(30));
    expect(progressOf(found(3, 30), finder.left)).toBe("3 found in 30 kinds");
  });

  it("stays within a message of 64 KiB, whatever the names", () => {
    const long = fitting(kinds(500, `${"g".repeat(63)}.${"h".repeat(63)}.example.com`));
    expect(long.length).toBeGreaterThan(200);
    expect(long.length).toBeLessThan(500);
    const text = "\u0001".repeat(253);
    expect(JSON.stringify({ type: "search", search: 2 ** 53 - 1, cluster: text, text, everything: long, namespaces: null, limit: 50 }).length).toBeLessThanOrEqual(64 * 1024);
  });

  it("does not keep what was found in the open lists alone", () => {
    const finder = new Finder();
    finder.look("main", "cart", []);
    vi.runAllTimers();
    tell(found(0, 1));
    expect(finder.found?.kinds).toBe(1);
    finder.searchAll();
    expect(finder.found).toBeNull();
  });

  it("is not asked for a text that no name can have", () => {
    const finder = new Finder();
    finder.look("main", "x".repeat(254), []);
    vi.runAllTimers();
    expect(asked).toEqual([]);
  });
});
