import { describe, expect, test } from "vitest";
import { kindFor, toneOf } from "../../src/kinds";
import { resourceOf, routeTo } from "../../src/kinds/links";
import { selectorText } from "../../src/kinds/object";
import { goDuration, ordinal } from "../../src/kinds/time";
import { base64Size, sentence, size } from "../../src/kinds/words";

const NOW = 1_795_000_000;
const deployments = kindFor({ group: "apps", plural: "deployments", kind: "Deployment" });
const certificates = kindFor({ group: "cert-manager.io", plural: "certificates", kind: "Certificate" });

describe("finding a kind", () => {
  test("a custom resource with the plural of a built-in kind is not taken for it", () => {
    expect(kindFor({ group: "serving.knative.dev", plural: "services", kind: "Service" }).icon).toBe("crd");
  });

  test("names from an object's prototype are no kinds", () => {
    expect(kindFor({ group: "", plural: "constructor", kind: "Constructor" }).title).toBe("Constructors");
  });

  test.each([["NetworkPolicy", "NetworkPolicies"], ["Gateway", "Gateways"], ["IngressClass", "IngressClasses"]])("an unknown %s is headed %s", (kind, title) => {
    expect(kindFor({ group: "x.io", plural: "x", kind }).title).toBe(title);
  });
});

describe("objects of unknown kinds", () => {
  test("a condition that is not as it should be is the verdict", () => {
    const object = { spec: {}, status: { conditions: [{ type: "Ready", status: "False", message: "issuing certificate", reason: "Pending" }] } } as object;
    expect(certificates.verdict(object, NOW)).toMatchObject({ tone: "err", head: "Ready is False.", cause: ["Issuing certificate."] });
  });

  test("a pressure that is False is as it should be", () => {
    expect(certificates.verdict({ status: { conditions: [{ type: "DiskPressure", status: "False" }] } } as object, NOW)).toBeNull();
  });

  test("nonsense in the status breaks nothing", () => {
    for (const status of [null, "x", 3, [], { conditions: "none" }, { conditions: [null, 1, { type: 2 }] }]) {
      const object = { status } as object;
      expect(certificates.status(object, NOW)).toBeNull();
      expect(certificates.verdict(object, NOW)).toBeNull();
      expect(() => certificates.sections(object, NOW)).not.toThrow();
    }
  });
});

describe("deployments", () => {
  const deployment = (status: object, generation = 1) => ({ metadata: { generation }, spec: { replicas: 3 }, status: { observedGeneration: generation, ...status } });

  test("a stuck rollout is told before the missing pods", () => {
    const stuck = deployment({ replicas: 4, updatedReplicas: 1, readyReplicas: 2, conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }] });
    expect(deployments.verdict(stuck, NOW)).toMatchObject({ tone: "err", head: "2 of 3 pods ready." });
  });

  test("a rollout under way is no alarm", () => {
    expect(deployments.verdict(deployment({ replicas: 4, updatedReplicas: 1, readyReplicas: 3 }), NOW)?.tone).toBe("run");
  });

  test("one that is all there has nothing to say", () => {
    expect(deployments.verdict(deployment({ replicas: 3, updatedReplicas: 3, readyReplicas: 3 }), NOW)).toBeNull();
  });
});

test("secrets are hidden data, config maps open data", () => {
  const secret = kindFor({ group: "", plural: "secrets", kind: "Secret" }).sections({ data: { a: "aGk=" } } as object, NOW)[0];
  const config = kindFor({ group: "", plural: "configmaps", kind: "ConfigMap" }).sections({ data: { a: "hi" } } as object, NOW)[0];
  expect(secret).toMatchObject({ type: "data", hidden: true });
  expect(config).toMatchObject({ type: "data", hidden: false });
});

describe("tones of words", () => {
  test.each([["Running", "ok"], ["Init:1/2", "run"], ["Init:CrashLoopBackOff", "err"], ["Ready,SchedulingDisabled", "warn"], ["ExitCode:1", "err"], ["SomethingElse", "unk"], ["Completed", "done"], ["constructor", "unk"]])("%s is %s", (word, tone) => {
    expect(toneOf(word)).toBe(tone);
  });
});

describe("links", () => {
  test("an owner's kind leads to its resource", () => {
    expect(resourceOf("apps/v1", "ReplicaSet")).toBe("replicasets.apps");
    expect(resourceOf("v1", "Node")).toBe("nodes");
    expect(resourceOf("networking.k8s.io/v1", "NetworkPolicy")).toBe("networkpolicies.networking.k8s.io");
  });

  test("a choice of namespaces stays unless the object would be out of sight", () => {
    const link = { resource: "pods", namespace: "a", name: "x" };
    expect(routeTo(link, [])).toEqual({ ns: [], sel: "a/x" });
    expect(routeTo(link, ["a", "b"])).toEqual({ ns: ["a", "b"], sel: "a/x" });
    expect(routeTo(link, ["b"])).toEqual({ ns: ["a"], sel: "a/x" });
    expect(routeTo({ resource: "nodes", namespace: "", name: "n" }, ["b"])).toEqual({ ns: ["b"], sel: "/n" });
  });
});

test("label selectors are written as the API server reads them", () => {
  expect(selectorText({ matchLabels: { app: "a" }, matchExpressions: [{ key: "t", operator: "In", values: ["x", "y"] }, { key: "z", operator: "DoesNotExist" }] })).toBe("app=a,t in (x,y),!z");
});

test("words and numbers", () => {
  expect([1, 2, 3, 4, 11, 12, 21, 112].map(ordinal)).toEqual(["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
  expect(goDuration("2m40s")).toBe(160);
  expect(goDuration("5m0s")).toBe(300);
  expect(goDuration("soon")).toBeUndefined();
  expect(size(0)).toBe("0 B");
  expect(size(1536)).toBe("1.5 KiB");
  expect(base64Size("aGVsbG8=")).toBe(5);
  expect(sentence("no space left")).toBe("No space left.");
});
