import { describe, expect, it } from "vitest";
import type { Cell, Column, Resource } from "../../src/app/types";
import { cellText, splitName } from "../../src/list/cells";
import { kubectlFor } from "../../src/list/kubectl";
import { roleFor } from "../../src/list/role";
import { statusReader } from "../../src/list/status";
import type { Row } from "../../src/live/rows.svelte";

const column = (name: string, type = "string"): Column => ({ name, type, format: "", priority: 0, description: "", instant: false });
const row = (...cells: Cell[]): Row => ({ key: "a/b", namespace: "a", name: "b", cells, changedAt: 0, goneAt: 0 });
const PODS: Resource = { group: "", version: "v1", plural: "pods", singular: "pod", kind: "Pod", namespaced: true, shortNames: ["po"], verbs: ["list"], subresources: [] };

describe("cells", () => {
  it("print as kubectl prints them", () => {
    expect(cellText({ at: 1000 }, 1000 + 11520)).toBe("3h12m");
    expect(cellText({ text: "5", at: 1000 }, 1120)).toBe("5 (2m ago)");
    expect(cellText(null, 0)).toBe("<none>");
    expect(cellText(0, 0)).toBe("0");
  });
  it("give way in the head of a name and keep its hash", () => {
    expect(splitName("web-6f5d8c7b94-d9rkt")).toEqual(["web-6f5d8c7b94-", "d9rkt"]);
    expect(splitName("kubernetes")).toEqual(["kubernetes", ""]);
  });
});

describe("status", () => {
  const pods = statusReader([column("Name"), column("Ready"), column("Status")], "Status", "pods");
  it("warns of a pod that runs and is not ready", () => {
    expect(pods?.(row("p", "1/2", "Running"))).toEqual({ word: "Running", tone: "warn" });
    expect(pods?.(row("p", "2/2", "Running"))).toEqual({ word: "Running", tone: "ok" });
    expect(pods?.(row("p", "0/1", "CrashLoopBackOff")).tone).toBe("err");
  });
  it("reads a fraction as its share", () => {
    const deployments = statusReader([column("Name"), column("Ready")], "Ready", "deployments");
    expect(deployments?.(row("d", "0/3")).tone).toBe("err");
    expect(deployments?.(row("d", "2/3")).tone).toBe("warn");
    expect(deployments?.(row("d", "3/3")).tone).toBe("ok");
    expect(deployments?.(row("d", "0/0")).tone).toBe("unk");
  });
  it("reads numbers against the desired ones", () => {
    const sets = statusReader([column("Name"), column("Desired", "integer"), column("Ready", "integer")], "Ready", "daemonsets");
    expect(sets?.(row("s", 3, 2)).tone).toBe("warn");
  });
  it("says nothing where no column does", () => {
    expect(statusReader([column("Name"), column("Age")], null, "things")).toBeNull();
  });
});

describe("the command", () => {
  it("names what one command can't say", () => {
    expect(kubectlFor(PODS, ["a", "b"], "tier=backend", "", [], false)).toEqual({ command: "kubectl get pods -n a -l tier=backend", rest: "and 1 more" });
  });
  it("quotes for a shell", () => {
    expect(kubectlFor(PODS, [], "tier in (a,b)", "", [], true).command).toBe("kubectl get pods -A -l 'tier in (a,b)' -o wide");
  });
  it("leaves the namespace out for kinds without one", () => {
    expect(kubectlFor({ ...PODS, plural: "nodes", namespaced: false }, [], "", "", [], false).command).toBe("kubectl get nodes");
  });
});

describe("the grant", () => {
  it("is a Role in each namespace, and a ClusterRole for all of them", () => {
    expect(roleFor(PODS, ["a", "b"]).match(/kind: Role\n/g)).toHaveLength(2);
    expect(roleFor(PODS, [])).toContain("kind: ClusterRole");
  });
});
