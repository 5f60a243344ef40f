import { describe, expect, it } from "vitest";
import { builtIn } from "../../src/api/built-in";
import { idOf } from "../../src/api/discovery";
import type { Resource } from "../../src/app/types";
import { parseFilter } from "../../src/list/filter";
import { queryOf } from "../../src/live/query";

const pods: Resource = { group: "", version: "v1", plural: "pods", singular: "pod", kind: "Pod", namespaced: true, shortNames: ["po"], verbs: ["list"], subresources: [] };

describe("what a list asks for", () => {
  it("is the same to the letter before and after the cluster has said which kinds it has", () => {
    const filter = parseFilter("web label:tier=data");
    for (const namespaces of [[], ["a", "b"]]) {
      const before = queryOf("main", builtIn("pods") as NonNullable<ReturnType<typeof builtIn>>, namespaces, filter);
      expect(JSON.stringify(before)).toBe(JSON.stringify(queryOf("main", pods, namespaces, filter)));
    }
  });
  it("names no namespaces where there are none, or all are meant", () => {
    expect(queryOf("main", pods, [], parseFilter("")).namespaces).toBeNull();
    expect(queryOf("main", { ...pods, plural: "nodes", namespaced: false }, ["a"], parseFilter("")).namespaces).toBeNull();
  });
});

describe("the kinds that every cluster has", () => {
  it("go by the names that addresses use", () => {
    for (const id of ["pods", "nodes", "deployments.apps", "jobs.batch", "ingresses.networking.k8s.io"]) {
      expect(idOf(builtIn(id) as { group: string; plural: string })).toBe(id);
    }
    expect(builtIn("nodes")?.namespaced).toBe(false);
  });
  it("are not guessed", () => {
    expect(builtIn("widgets.example.com")).toBeNull();
    expect(builtIn("deployments")).toBeNull();
  });
});
