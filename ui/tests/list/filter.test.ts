import { describe, expect, it } from "vitest";
import type { Cell, Column } from "../../src/app/types";
import { conditionOn, matcher, parseFilter, toggled, without } from "../../src/list/filter";
import type { Row } from "../../src/live/rows.svelte";

const column = (name: string): Column => ({ name, type: "string", format: "", priority: 0, description: "", instant: false });
const COLUMNS = [column("Name"), column("Status"), column("Node")];
const row = (namespace: string, name: string, ...cells: Cell[]): Row => ({ key: `${namespace}/${name}`, namespace, name, cells: [name, ...cells], changedAt: 0, goneAt: 0 });
const API = row("prod", "checkout-api", "Running", "w-01");
const JOB = row("batch", "nightly-job", "Completed", "w-02");
const status = ({ cells }: Row): string => String(cells[1]);
const fits = (text: string, of: Row): boolean => matcher(parseFilter(text), COLUMNS, status)(of);

describe("the filter", () => {
  it("lets every row through when it is empty", () => {
    expect(fits("  ", API)).toBe(true);
  });
  it("wants all words, wherever they are", () => {
    expect(fits("api prod", API)).toBe(true);
    expect(fits("api batch", API)).toBe(false);
    expect(fits("w-01", API)).toBe(true);
  });
  it("takes a word with a minus as one that must be absent", () => {
    expect(fits("-api", API)).toBe(false);
    expect(fits("-api", JOB)).toBe(true);
  });
  it("reads status:, ns: and names of columns", () => {
    expect(fits("status:run", API)).toBe(true);
    expect(fits("-status:completed", JOB)).toBe(false);
    expect(fits("ns:prod node:w-01", API)).toBe(true);
    expect(fits("node:w-02", API)).toBe(false);
  });
  it("looks for a word with a colon as it stands when no column has that name", () => {
    expect(fits("image:tag", row("a", "b", "x image:tag y", ""))).toBe(true);
  });
  it("keeps selectors for the cluster and away from the rows", () => {
    const filter = parseFilter("label:tier=backend label:app=web field:spec.nodeName=w-01");
    expect(filter.labelSelector).toBe("tier=backend,app=web");
    expect(filter.fieldSelector).toBe("spec.nodeName=w-01");
    expect(matcher(filter, COLUMNS, status)(JOB)).toBe(true);
  });
  it("keeps quoted words together", () => {
    expect(parseFilter('status:"Not Ready" x').conditions.map(({ value }) => value)).toEqual(["not ready", "x"]);
    expect(conditionOn("status", "Not Ready")).toBe('status:"Not Ready"');
  });
  it("takes a condition away and puts it back", () => {
    const [first] = parseFilter("status:Running api").conditions;
    expect(first && without("status:Running api", first)).toBe("api");
    expect(toggled("api", "status:Error")).toBe("api status:Error");
    expect(toggled("api status:error", "status:Error")).toBe("api");
  });
});
