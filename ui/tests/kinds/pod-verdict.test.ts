import { describe, expect, test } from "vitest";
import type { Phrase, Verdict } from "../../src/kinds/kind";
import { podStatus } from "../../src/kinds/pod-status";
import { podVerdict } from "../../src/kinds/pod-verdict";
import type { ContainerStatus, Pod } from "../../src/kinds/shapes";

const NOW = Date.parse("2026-11-24T14:08:00Z") / 1000;
const ago = (seconds: number): string => new Date((NOW - seconds) * 1000).toISOString();

/** A sentence as the page would say it at NOW. */
function said(phrase: Phrase): string {
  return phrase
    .map((piece) => {
      if (typeof piece === "string") return piece;
      if ("link" in piece) return piece.text;
      if ("code" in piece) return piece.code;
      if ("strong" in piece) return piece.strong;
      return piece.as === "left" ? `${piece.at - NOW} s` : `${NOW - piece.at} s ago`;
    })
    .join("");
}

const sentence = (verdict: Verdict | null): string => (verdict === null ? "" : `${verdict.head} ${said(verdict.cause)}`);

function pod(statuses: ContainerStatus[], more: Partial<Pod> = {}): Pod {
  const containers = statuses.map(({ name }) => ({ name, image: `registry/${name}:1`, resources: { limits: { memory: "512Mi" } } }));
  return {
    metadata: { name: "shop", namespace: "prod", creationTimestamp: ago(7200) },
    spec: { nodeName: "n1", containers },
    status: { phase: "Running", containerStatuses: statuses },
    ...more,
  };
}

const running = (name: string, seconds = 3600): ContainerStatus => ({ name, ready: true, restartCount: 0, state: { running: { startedAt: ago(seconds) } } });

describe("what is wrong with a pod", () => {
  test("a healthy pod has nothing to say", () => {
    expect(podVerdict(pod([running("api")]), NOW)).toBeNull();
  });

  test("a container killed for memory says so, with its limit, the count and the next try", () => {
    const api: ContainerStatus = {
      name: "api",
      ready: false,
      restartCount: 5,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 2m40s restarting failed container=api pod=shop" } },
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: ago(120) } },
    };
    expect(sentence(podVerdict(pod([api, running("envoy")]), NOW))).toBe("1 of 2 containers ready. api was OOMKilled 120 s ago at its limit of 512Mi, the 5th time. Next try in 40 s.");
  });

  test("a try that is due is not announced any more", () => {
    const api: ContainerStatus = {
      name: "api",
      restartCount: 1,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=api" } },
      lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt: ago(60) } },
    };
    expect(sentence(podVerdict(pod([api]), NOW))).toBe("0 of 1 container ready. api exited with code 1 60 s ago.");
  });

  test("an image that can't be fetched is named, and the reason given", () => {
    const api: ContainerStatus = { name: "api", image: "registry/api:9", state: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "registry/api:9"' } } };
    const verdict = podVerdict(pod([api]), NOW);
    expect(sentence(verdict)).toBe("0 of 1 container ready. api can’t get its image registry/api:1.");
    expect(said(verdict?.more ?? [])).toBe('Back-off pulling image "registry/api:9".');
  });

  test("a missing config map is told in the kubelet's words", () => {
    const api: ContainerStatus = { name: "api", state: { waiting: { reason: "CreateContainerConfigError", message: 'configmap "flags" not found' } } };
    expect(sentence(podVerdict(pod([api]), NOW))).toContain('api can’t be configured: configmap "flags" not found.');
  });

  test("a pod that no node takes says what the scheduler says", () => {
    const pending = pod([], { status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available: 3 Insufficient cpu.", lastTransitionTime: ago(60) }] } });
    expect(sentence(podVerdict(pending, NOW))).toBe("No node takes it. 0/3 nodes are available: 3 Insufficient cpu.");
  });

  test("a container that runs and is not ready names its probe", () => {
    const shop = pod([{ ...running("api"), ready: false }]);
    const container = shop.spec?.containers?.[0];
    if (container) container.readinessProbe = { httpGet: { path: "/ready", port: 8080 } };
    expect(sentence(podVerdict(shop, NOW))).toBe("0 of 1 container ready. api runs since 3600 s ago, and its readiness probe does not succeed: GET /ready on port 8080.");
  });

  test("a restart of a moment ago is told although all is ready", () => {
    const api = { ...running("api", 60), restartCount: 2, lastState: { terminated: { exitCode: 139, signal: 11, finishedAt: ago(61) } } };
    expect(sentence(podVerdict(pod([api]), NOW))).toBe("Ready, but restarted. api was ended by signal 11 61 s ago and runs again, 2 restarts in all.");
  });

  test("an evicted pod gives the node's reason", () => {
    const evicted = pod([], { status: { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory. " } });
    expect(sentence(podVerdict(evicted, NOW))).toContain("Evicted. The node was low on resource: memory.");
  });

  test("a pod that should be gone by now says that the node has not confirmed it", () => {
    const stuck = pod([running("api")], { metadata: { name: "shop", deletionTimestamp: ago(100) } });
    expect(podVerdict(stuck, NOW)).toMatchObject({ tone: "warn", head: "Still terminating." });
  });
});

describe("the word a pod stands under", () => {
  test.each<[string, Pod]>([
    ["Running", pod([running("api")])],
    ["CrashLoopBackOff", pod([{ name: "api", state: { waiting: { reason: "CrashLoopBackOff" } } }])],
    ["OOMKilled", pod([{ name: "api", state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }])],
    ["ExitCode:3", pod([{ name: "api", state: { terminated: { exitCode: 3 } } }])],
    ["Terminating", pod([running("api")], { metadata: { deletionTimestamp: ago(1) } })],
    ["Pending", pod([], { status: { phase: "Pending" } })],
    ["Init:0/1", pod([running("api")], { spec: { initContainers: [{ name: "a" }] }, status: { phase: "Pending", initContainerStatuses: [{ name: "a", state: { running: {} } }] } })],
    ["Init:Error", pod([], { spec: { initContainers: [{ name: "a" }] }, status: { phase: "Pending", initContainerStatuses: [{ name: "a", state: { terminated: { exitCode: 1, reason: "Error" } } }] } })],
  ])("is kubectl's: %s", (word, object) => {
    expect(podStatus(object).word).toBe(word);
  });

  test("a running pod of which not all is ready is a warning", () => {
    expect(podStatus(pod([running("api"), { ...running("b"), ready: false }]))).toEqual({ tone: "warn", word: "Running" });
  });

  test("a sidecar that has started doesn't hold the pod in its initialisation", () => {
    const shop = pod([running("api")]);
    shop.spec = { ...shop.spec, initContainers: [{ name: "mesh", restartPolicy: "Always" }] };
    shop.status = { ...shop.status, initContainerStatuses: [{ name: "mesh", started: true, ready: true, state: { running: {} } }] };
    expect(podStatus(shop)).toEqual({ tone: "ok", word: "Running" });
  });
});
