/** What deployments, stateful sets, daemon sets and replica sets have in common: wanted and ready pods. */

import type { Bar, Status, Verdict } from "./kind";
import { plural } from "./words";

/** Status by how many of the wanted pods are ready. */
export function replicaStatus(ready: number, wanted: number, underWay: boolean): Status {
  if (wanted === 0) return { tone: "unk", word: "Scaled to 0" };
  if (ready >= wanted) return underWay ? { tone: "run", word: "Rolling out" } : { tone: "ok", word: "Available" };
  if (underWay) return { tone: "run", word: `${ready} of ${wanted} ready` };
  return { tone: ready === 0 ? "err" : "warn", word: `${ready} of ${wanted} ready` };
}

export function replicaBar(label: string, done: number, total: number): Bar {
  return { label, done, total, text: `${done} of ${total}`, tone: done >= total ? "ok" : done === 0 ? "err" : "warn" };
}

/** Pods are missing and nothing on the object says why: the pods themselves do. */
export function missingPods(ready: number, wanted: number): Verdict | null {
  if (ready >= wanted) return null;
  return {
    tone: ready === 0 ? "err" : "warn",
    head: `${ready} of ${plural(wanted, "pod")} ready.`,
    cause: ["The pods below say what they wait for."],
  };
}
