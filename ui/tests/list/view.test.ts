import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Column } from "../../src/app/types";
import { parseFilter } from "../../src/list/filter";
import { statusReader } from "../../src/list/status";
import { ListView, type Order, type Plan } from "../../src/list/view.svelte";
import type { WireRow } from "../../src/live/protocol";
import { ownFrames } from "../live/frames";
import { holding } from "./holding";

const column = (name: string): Column => ({ name, type: "string", format: "", priority: 0, description: "", instant: false });
const COLUMNS = [column("Name"), column("Status"), column("Age")];
const STATUS = statusReader(COLUMNS, "Status", "pods");
const BY_NAME: Order = { by: 0, descending: false };
const FILTER = parseFilter("");
const NOW = 1000;
const row = (name: string, word: string, at = 0): WireRow => ["shop", [name, word, { at }]];
const plan = (filter = "", order = BY_NAME): Plan => ({ columns: COLUMNS, filter: filter === "" ? FILTER : parseFilter(filter), order, status: STATUS });
const FEW = [row("c", "Running"), row("a", "Pending"), row("b", "Failed")];

beforeEach(() => void ownFrames());
afterEach(() => vi.unstubAllGlobals());
const names = (view: ListView): string[] => view.entries.map(({ row: { name } }) => name);
const change = (set: ReturnType<typeof holding>, rows: readonly WireRow[], gone: readonly (readonly [string, string])[] = []): void => set.take({ type: "changes", id: 1, set: rows, gone, as_of: 1 });

/** As if nothing had been known before. */
function fresh(set: ReturnType<typeof holding>, wanted: Plan, now = NOW): string[] {
  const view = new ListView();
  view.update({ ...set, rows: set.rows, window: null, drain: () => ({ reset: true, touched: new Map() }) } as unknown as typeof set, wanted, false, now);
  return names(view);
}

describe("rows in order", () => {
  it("are put in their places as they come, change and sort elsewhere", () => {
    const [set, view, urgent] = [holding(FEW), new ListView(), plan("", { by: "urgent", descending: false })];
    view.update(set, urgent, false, NOW);
    expect(names(view)).toEqual(["b", "a", "c"]);
    change(set, [row("c", "Failed"), row("d", "Pending")]);
    view.update(set, urgent, false, NOW);
    expect(names(view)).toEqual(["b", "c", "a", "d"]);
  });
  it("stay in their places under the pointer, and take their new ones when it leaves", () => {
    const [set, view, urgent] = [holding(FEW), new ListView(), plan("", { by: "urgent", descending: false })];
    view.update(set, urgent, false, NOW);
    change(set, [row("c", "Failed")]);
    view.update(set, urgent, true, NOW);
    expect(names(view)).toEqual(["b", "a", "c"]);
    view.update(set, urgent, false, NOW);
    expect(names(view)).toEqual(["b", "c", "a"]);
  });
  it("stay for a moment when they are gone, and count no more", () => {
    const [set, view, all] = [holding(FEW), new ListView(), plan()];
    view.update(set, all, false, NOW);
    change(set, [], [["shop", "b"]]);
    view.update(set, all, false, NOW);
    expect(names(view)).toEqual(["a", "b", "c"]);
    expect(view.facets.map(({ word }) => word)).toEqual(["Pending", "Running"]);
    set.close();
  });
  it("come back when the filter gets shorter", () => {
    const [set, view] = [holding(FEW), new ListView()];
    for (const [text, left] of [["", "abc"], ["f", "b"], ["fx", ""], ["f", "b"], ["", "abc"]] as const) {
      view.update(set, plan(text), false, NOW);
      expect(names(view).join("")).toBe(left);
    }
  });
  it("are counted by status whichever of the statuses is picked", () => {
    const [set, view] = [holding(FEW), new ListView()];
    view.update(set, plan("status:failed"), false, NOW);
    expect(names(view)).toEqual(["b"]);
    expect(view.facets).toHaveLength(3);
  });
  it("come in as they grow older", () => {
    const [set, view, old] = [holding([row("a", "Running", NOW - 50)]), new ListView(), plan("age>1m")];
    view.update(set, old, false, NOW);
    expect([view.timed, names(view)]).toEqual([true, []]);
    view.update(set, old, false, NOW + 20);
    expect(names(view)).toEqual(["a"]);
  });
  it("are the same after any changes as if they had just been read", () => {
    const [set, view] = [holding(FEW), new ListView()];
    const words = ["Running", "Pending", "Failed", "Completed"];
    const plans = [plan(), plan("r"), plan("ru"), plan("status:failed"), plan("", { by: "urgent", descending: true }), plan("-1 age>5m", { by: 2, descending: false })];
    // A generator of its own: the same numbers in each run.
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 400; step++) {
      const changed = Array.from({ length: random(4) }, () => row(`p-${random(40)}`, words[random(4)] ?? "", NOW - random(900)));
      const gone = random(3) === 0 ? [["shop", `p-${random(40)}`] as const] : [];
      if (step % 50 === 49) set.take({ type: "rows", id: 1, reset: true, rows: changed });
      else change(set, changed, gone);
      const wanted = plans[Math.floor(step / 9) % plans.length] ?? plan();
      view.update(set, wanted, random(3) === 0, NOW + step);
      if (step % 9 !== 8) continue;
      view.update(set, wanted, false, NOW + step);
      expect(new Set(names(view))).toEqual(new Set(fresh(set, wanted, NOW + step)));
    }
    change(set, [row("last", "Running")]);
    view.update(set, plan(), false, NOW);
    expect(names(view)).toEqual(fresh(set, plan()));
    set.close();
  });
});
