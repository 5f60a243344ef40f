import { describe, expect, test } from "vitest";
import { ApiProblem } from "../../src/api/problem";
import { eventsPath, newestFirst } from "../../src/details/events.svelte";
import { wordsFor } from "../../src/details/plain-words";
import { decoded } from "../../src/details/sections/decode";
import { podRows } from "../../src/details/sections/pod-rows";
import { difference, yamlOf } from "../../src/details/yaml/text";

const shut = { managedFields: false, secretValues: false };
const problem = (status: number, detail = "", code = ""): ApiProblem => new ApiProblem({ status, code, title: "Title", detail, remedy: "", reference: "" });

describe("YAML to read", () => {
  test("stands in the order in which people write it, without managed fields", () => {
    const object = { status: { a: 1 }, spec: {}, metadata: { name: "x", managedFields: [{ manager: "m" }] }, kind: "Pod", apiVersion: "v1" };
    const text = yamlOf(object, shut);
    expect(text.match(/^\w+/gm)).toEqual(["apiVersion", "kind", "metadata", "spec", "status"]);
    expect(text).not.toContain("managedFields");
    expect(yamlOf(object, { ...shut, managedFields: true })).toContain("manager: m");
  });

  test("a secret's values are hidden until they are asked for, in what was last applied too", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"k":"aHVudGVyMg=="}}' };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", annotations }, data: { k: "aHVudGVyMg==" } };
    expect(yamlOf(secret, shut)).not.toContain("aHVudGVyMg");
    expect(yamlOf(secret, shut)).toContain("k: (hidden)");
    expect(yamlOf(secret, { ...shut, secretValues: true })).toContain("k: aHVudGVyMg==");
  });

  test("long lines are not folded", () => {
    const long = "word ".repeat(60).trim();
    expect(yamlOf({ apiVersion: "v1", kind: "X", metadata: { annotations: { long } } }, shut)).toContain(long);
  });

  test("a change touches only the stretch that differs", () => {
    expect(difference("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 25\nc: 3\n")).toEqual({ from: 9, to: 9, insert: "5" });
    expect(difference("same", "same")).toBeNull();
    expect(difference("", "x")).toEqual({ from: 0, to: 0, insert: "x" });
  });
});

describe("failed reads in plain words", () => {
  test("a pod that was there before was deleted; one that never was is not there", () => {
    expect(wordsFor(problem(404), "pod", "x", true).title).toBe("Pod x was deleted.");
    expect(wordsFor(problem(404), "pod", "x", false).title).toBe("There is no pod x.");
  });

  test("a denied read names the missing rule", () => {
    const detail = 'secrets "x" is forbidden: User "a" cannot get resource "secrets" in API group "" in the namespace "prod"';
    expect(wordsFor(problem(403, detail), "secret", "x", false).detail).toBe("Missing rule: get secrets in prod.");
  });

  test("an ended sign-in and a cluster's refusal are told apart", () => {
    expect(wordsFor(problem(401, "", "session.ended"), "pod", "x", false).title).toBe("Your sign-in ended.");
    expect(wordsFor(problem(401, "", "Unauthorized"), "pod", "x", false).title).toBe("The cluster does not accept your sign-in.");
  });
});

describe("events", () => {
  const pods = { group: "", version: "v1", plural: "pods", singular: "pod", kind: "Pod", namespaced: true, shortNames: [], verbs: [], subresources: [] };

  test("are asked for by the object they are about", () => {
    expect(decodeURIComponent(eventsPath({ resource: pods, namespace: "prod", name: "x" }))).toBe("api/v1/namespaces/prod/events?limit=500&fieldSelector=involvedObject.name=x,involvedObject.kind=Pod");
    expect(eventsPath({ resource: pods, namespace: "", name: "x" })).toContain("namespaces/default/events");
  });

  test("stand newest first, whichever field has their time", () => {
    const events = [{ reason: "old", lastTimestamp: "2026-01-01T00:00:00Z" }, { reason: "new", eventTime: "2026-01-03T00:00:00.000000Z" }, { reason: "mid", series: { lastObservedTime: "2026-01-02T00:00:00Z" } }];
    expect(newestFirst(events).map(({ reason }) => reason)).toEqual(["new", "mid", "old"]);
  });
});

test("values that are no text are not shown as one", () => {
  expect(decoded({ key: "k", value: btoa("hi"), encoding: "base64" })).toBe("hi");
  expect(decoded({ key: "k", value: btoa("\xff\xfe"), encoding: "base64" })).toBeNull();
  expect(decoded({ key: "k", value: "not base64!", encoding: "base64" })).toBeNull();
});

test("troubled pods come first", () => {
  const table = {
    columnDefinitions: ["Name", "Ready", "Status"].map((name) => ({ name })),
    rows: [{ cells: ["a", "1/1", "Running"] }, { cells: ["b", "0/1", "CrashLoopBackOff"] }, { cells: ["c", "1/2", "Running"] }],
  };
  expect(podRows(table).map(({ name, tone }) => `${name} ${tone}`)).toEqual(["b err", "c warn", "a ok"]);
});
