import { describe, expect, it } from "vitest";
import type { Resource } from "../../src/app/types";
import { freshness } from "../../src/shell/freshness";
import { navGroups } from "../../src/shell/groups";

const kind = (group: string, plural: string, name: string): Resource => ({ group, version: "v1", plural, singular: "", kind: name, namespaced: true, shortNames: [], verbs: ["list"], subresources: [] });

describe("the navigation", () => {
  it("has every kind once", () => {
    const resources = [kind("", "pods", "Pod"), kind("apps", "deployments", "Deployment"), kind("node.k8s.io", "runtimeclasses", "RuntimeClass"), ...["a", "b", "c", "d", "e", "f"].map((name) => kind("x.example", name, name))];
    const groups = navGroups(resources);
    const all = groups.flatMap((group) => [...group.resources, ...group.more]);
    expect(all).toHaveLength(resources.length);
    expect(groups.find(({ title }) => title === "Custom")?.more).toHaveLength(2);
    expect(groups.find(({ title }) => title === "Cluster")?.more.map(({ plural }) => plural)).toEqual(["runtimeclasses"]);
  });
  it("leaves out the second name of events", () => {
    expect(navGroups([kind("", "events", "Event"), kind("events.k8s.io", "events", "Event")]).flatMap((group) => group.resources)).toHaveLength(1);
  });
});

describe("freshness", () => {
  const rows = { state: "live" as const, since: 90, missing: [], synced: true, asOf: 99, query: { cluster: "c", resource: kind("", "pods", "Pod"), namespaces: null, label_selector: "", field_selector: "" } };
  const facts = { ended: null, connection: "open" as const, downSince: null, retryAt: null, rows, now: 100 };
  it("says when rows changed last", () => {
    expect(freshness(facts)).toMatchObject({ look: "live", rest: "changed 1 s ago", stale: false });
  });
  it("is stale while there is no connection, and says when the next try is", () => {
    expect(freshness({ ...facts, connection: "waiting", downSince: 95, retryAt: 104 })).toMatchObject({ word: "Reconnecting", stale: true, rest: expect.stringContaining("next try in 4 s") as string });
  });
  it("is stopped when the session has ended, whatever the rows say", () => {
    expect(freshness({ ...facts, ended: { at: 80 } })).toMatchObject({ word: "Stopped", stale: true });
  });
  it("counts the namespaces that are there", () => {
    const partial = { ...rows, state: "partial" as const, missing: [{ namespace: "b", code: "forbidden", message: "" }], query: { ...rows.query, namespaces: ["a", "b", "c"] } };
    expect(freshness({ ...facts, rows: partial })).toMatchObject({ look: "partial", rest: "2 of 3 namespaces" });
  });
});
