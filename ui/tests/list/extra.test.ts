import { afterEach, describe, expect, it, vi } from "vitest";
import { ExtraColumns, type Look } from "../../src/live/extra.svelte";
import type { ExtraCell, ExtraDefinition, ExtraMessage, ExtraType } from "../../src/live/protocol";
import type { Cell } from "../../src/app/types";
import { idFor, objectionTo, offersFor, titleOf } from "../../src/list/extra/catalogue";
import { containerWords, describeExtras, extraText, shareOf } from "../../src/list/extra/columns";
import { filteredBy, idsByTitle } from "../../src/list/extra/filtered";
import { LONGEST_COLUMN_ID } from "../../src/live/limits";
import { parseFilter } from "../../src/list/filter";
import { plain } from "../../src/list/extra/plain";
import { storedExtras, storeExtras } from "../../src/list/extra/stored";
import { toneOfContainer } from "../../src/list/extra/tones";
import vectors from "../../../tests/vectors/extra-plain.json";

interface Vector {
  readonly about: string;
  readonly type: ExtraType;
  readonly cell: ExtraCell;
  readonly plain: Cell;
}
const VECTORS = vectors as readonly Vector[];

const told = (reset: boolean, columns: string[] | null, ...rows: [string, string, ExtraCell[]][]): ExtraMessage => ({
  type: "extra",
  id: 1,
  reset,
  columns: columns?.map((id) => ({ id, name: id, type: "string", problem: "" })) ?? null,
  rows,
});

describe("plain values", () => {
  it.each(VECTORS)("of $about are as on the server", ({ type, cell, plain: expected }) => {
    expect(plain(type, cell)).toEqual(expected);
  });
});

describe("columns that a filter names", () => {
  const PODS = { group: "", plural: "pods" };
  const OWNER = { name: "Owner", type: "string", format: "", priority: 0, description: "", instant: false };
  const named = (filter: string, kind = PODS, columns = [] as (typeof OWNER)[], shown: string[] = []): readonly string[] => filteredBy(parseFilter(filter).conditions, kind, columns, shown);

  it("are those that the kind has, shown or not, each once", () => {
    expect(named("owner:a -owner:b requests:cpu>1 node:w x colour:red label:app=x label:app:x")).toEqual(["owner", "requests:cpu", "label:app"]);
    expect(named("owner:a requests:cpu>1 containers:crash", { group: "apps", plural: "deployments" })).toEqual(["owner"]);
    expect(named("usage:gpu>1 requests:cpu>")).toEqual([]);
  });
  it("give way to columns of the API server", () => {
    expect(named("owner:a", PODS, [OWNER])).toEqual([]);
  });
  it("are as many as there is room for beside those that are shown", () => {
    const shown = Array.from({ length: 19 }, (_, at) => `label:l${at}`);
    expect(named("label:l3:a owner:a containers:b", PODS, [], shown)).toEqual(["label:l3", "owner"]);
  });
  it("are none that the server would refuse, with all others that are looked at", () => {
    const longest = `jsonpath:{.${"x".repeat(LONGEST_COLUMN_ID - 12)}}`;
    expect(named(`${longest}:a ${longest.replace("x", "xx")}:a owner:b`)).toEqual([longest, "owner"]);
  });
  it("go by what stands above them too", () => {
    const told: ExtraDefinition = { id: "jsonpath:{.spec.nodeName}", name: "nodeName", type: "string", problem: "" };
    expect(idsByTitle(describeExtras(["usage:memory", "label:app", "last-restart", told.id], [told]), [])).toEqual(
      new Map([["memory-used", "usage:memory"], ["app", "label:app"], ["last-restart", "last-restart"], ["nodename", told.id]]),
    );
  });
  it("take no name from what every list has, nor from a column of the API server", () => {
    const extras = describeExtras(["label:status", "label:name", "label:ns", "label:namespace", "label:label", "label:field", "label:owner", "label:tier"], []);
    expect(idsByTitle(extras, [OWNER])).toEqual(new Map([["tier", "label:tier"]]));
  });
});

describe("a look", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks for other columns at once, and for other rows when they stay in view", () => {
    vi.useFakeTimers();
    const said: Look[] = [];
    const extra = new ExtraColumns((look) => said.push(look));
    extra.look(["owner"], [["a", "p1"]]);
    expect(said).toEqual([{ extra: ["owner"], rows: [["a", "p1"]] }]);
    extra.look(["owner"], [["a", "p2"]]);
    extra.look(["owner"], [["a", "p3"]]);
    expect(said).toHaveLength(1);
    vi.runAllTimers();
    expect(said.slice(1)).toEqual([{ extra: ["owner"], rows: [["a", "p3"]] }]);
    extra.look(["owner"], [["a", "p3"]]);
    vi.runAllTimers();
    expect(said).toHaveLength(2);
  });
  it("names 500 rows at most, and all by none", () => {
    const said: Look[] = [];
    const extra = new ExtraColumns((look) => said.push(look));
    extra.look(["owner"], Array.from({ length: 900 }, (_, number) => ["a", `p${number}`] as const));
    expect(said[0]?.rows).toHaveLength(500);
    extra.look(["owner"], null);
    expect(said[1]).toEqual({ extra: ["owner"], rows: null });
  });
  it("is not sent while there is nothing to look at", () => {
    vi.useFakeTimers();
    const said: Look[] = [];
    const extra = new ExtraColumns((look) => said.push(look));
    extra.look([], [["a", "p1"]]);
    vi.runAllTimers();
    expect(said).toEqual([]);
    expect(extra.current).toBeNull();
  });
  it("that ends is said, and its columns are forgotten", () => {
    const said: Look[] = [];
    const extra = new ExtraColumns((look) => said.push(look));
    extra.look(["owner"], []);
    extra.take(told(true, ["owner"]));
    extra.look([], []);
    expect(said.at(-1)).toEqual({ extra: [], rows: [] });
    expect(extra.definitions).toEqual([]);
  });
});

describe("extra cells", () => {
  it("are those of the server's columns, whatever order the list has", () => {
    const extra = new ExtraColumns(() => undefined);
    extra.look(["x", "y"], null);
    expect(extra.take(told(true, ["y", "x"], ["a", "p1", ["of y", null]]))).toEqual(["a/p1"]);
    expect(extra.cell("a/p1", "y")).toBe("of y");
    expect(extra.cell("a/p1", "x")).toBeNull();
    expect(extra.cell("a/p2", "x")).toBeUndefined();
  });
  it("are forgotten at a reset, and the rows are told of", () => {
    const extra = new ExtraColumns(() => undefined);
    extra.look(["x"], null);
    extra.take(told(true, ["x"], ["a", "p1", ["1"]]));
    expect(extra.take(told(true, ["x"], ["a", "p2", ["2"]]))).toEqual(["a/p1", "a/p2"]);
    expect(extra.cell("a/p1", "x")).toBeUndefined();
  });
  it("of rows that went out of view are dropped", () => {
    vi.useFakeTimers();
    const extra = new ExtraColumns(() => undefined);
    extra.look(["x"], [["a", "p1"]]);
    extra.take(told(true, ["x"], ["a", "p1", ["1"]]));
    extra.look(["x"], [["a", "p2"]]);
    vi.runAllTimers();
    expect(extra.cell("a/p1", "x")).toBeUndefined();
    vi.useRealTimers();
  });
  it("read as text", () => {
    expect(extraText("restart", { container: "app", reason: "OOMKilled", exit_code: 137, at: 1000 }, 1120)).toBe("OOMKilled (137) 2m ago");
    expect(extraText("usage", { value: 0.125, text: "125m", request: 0.25, limit: 0.5 }, 0)).toBe("125m 25 %");
    expect(extraText("string", null, 0)).toBe("<none>");
    expect(extraText("string", undefined, 0)).toBe("");
  });
  it("tell a share of the limit, else of the request, else none", () => {
    expect(shareOf({ value: 1, text: "1", request: 4, limit: 2 })).toEqual({ percent: 50, of: "limit" });
    expect(shareOf({ value: 1, text: "1", request: 4, limit: null })).toEqual({ percent: 25, of: "request" });
    expect(shareOf({ value: 1, text: "1", request: null, limit: null })).toBeNull();
    expect(shareOf({ value: null, text: "", request: 4, limit: 2 })).toBeNull();
  });
  it("say of a container in words what its shape says", () => {
    expect(containerWords({ name: "proxy", state: "waiting", restarts: 5, reason: "CrashLoopBackOff" })).toBe("proxy: waiting, CrashLoopBackOff, 5 restarts");
    expect(containerWords({ name: "app", state: "running", ready: true })).toBe("app: running, ready");
    expect(containerWords({ name: "seed", state: "terminated", exit_code: 0, reason: "Completed", init: true })).toBe("seed (init): terminated, Completed, exit code 0");
    expect(toneOfContainer({ name: "a", state: "running", ready: true })).toBe("ok");
    expect(toneOfContainer({ name: "a", state: "running" })).toBe("warn");
    expect(toneOfContainer({ name: "a", state: "waiting", reason: "CrashLoopBackOff" })).toBe("err");
    expect(toneOfContainer({ name: "a", state: "waiting" })).toBe("run");
    expect(toneOfContainer({ name: "a", state: "terminated", exit_code: 1 })).toBe("err");
    expect(toneOfContainer({ name: "a", state: "terminated", exit_code: 0 })).toBe("done");
    expect(toneOfContainer({ name: "a", state: "" })).toBe("unk");
  });
});

describe("the choice of columns", () => {
  it("offers containers and resources for pods alone", () => {
    expect(offersFor({ group: "", plural: "pods" }).map(({ id }) => id)).toContain("containers");
    expect(offersFor({ group: "apps", plural: "deployments" }).map(({ id }) => id)).toEqual(["owner"]);
    expect(offersFor({ group: "metrics.k8s.io", plural: "pods" }).map(({ id }) => id)).toEqual(["owner"]);
  });
  it.each([
    ["label", "app.kubernetes.io/name", ""],
    ["label", "app", ""],
    ["label", "", ""],
    ["label", "no key", "no key of a label"],
    ["annotation", "-x", "no key of an annotation"],
    ["jsonpath", "{.spec.nodeName}", ""],
    ["jsonpath", ".metadata.labels.example\\.com/x", ""],
    ["jsonpath", "$.spec", ""],
    ["jsonpath", "spec", "begins with a dot"],
    ["jsonpath", "{.a}{.b}", "One pair of braces"],
    ["jsonpath", `.${"x".repeat(600)}`, "longer than 512"],
  ] as const)("says of %s %s what is wrong", (type, text, words) => {
    const objection = objectionTo(type, text);
    if (words === "") expect(objection).toBe("");
    else expect(objection).toContain(words);
  });
  it("names a column before the server does", () => {
    expect(titleOf("usage:cpu")).toBe("CPU used");
    expect(titleOf(idFor("label", " app "))).toBe("app");
    const problem = { id: "jsonpath:{x", name: "jsonpath:{x", type: "string", problem: "not understood" } as const;
    expect(describeExtras(["jsonpath:{x"], [problem])[0]).toMatchObject({ title: "{x", description: "not understood", role: "extra" });
  });
  it("is kept for each kind, and nothing but texts", () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    storeExtras("pods", ["owner", "label:app"]);
    expect(storedExtras("pods")).toEqual(["owner", "label:app"]);
    expect(storedExtras("nodes")).toEqual([]);
    localStorage.setItem("extra-columns:nodes", JSON.stringify(["owner", 7, null, ""]));
    expect(storedExtras("nodes")).toEqual(["owner"]);
    localStorage.setItem("extra-columns:nodes", "{");
    expect(storedExtras("nodes")).toEqual([]);
    storeExtras("pods", []);
    expect(localStorage.getItem("extra-columns:pods")).toBeNull();
    vi.unstubAllGlobals();
  });
});
