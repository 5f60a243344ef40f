/** The containers of a pod, with what their status says, in the order in which they start. */

import type { ContainerView, Status } from "./kind";
import type { ContainerState, Pod } from "./shapes";
import { toneOf } from "./tones";

export function containersOf(pod: Pod): ContainerView[] {
  const init = (pod.spec?.initContainers ?? []).map((container): ContainerView => ({
    container,
    status: pod.status?.initContainerStatuses?.find(({ name }) => name === container.name),
    // An init container that restarts always keeps running beside the others (a sidecar).
    role: container.restartPolicy === "Always" ? "sidecar" : "init",
  }));
  const app = (pod.spec?.containers ?? []).map((container): ContainerView => ({
    container,
    status: pod.status?.containerStatuses?.find(({ name }) => name === container.name),
    role: "app",
  }));
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).map((container): ContainerView => ({
    container,
    status: pod.status?.ephemeralContainerStatuses?.find(({ name }) => name === container.name),
    role: "ephemeral",
  }));
  return [...init, ...app, ...ephemeral];
}

/** How many of the containers that have to be ready are: `[1, 2]`. */
export function readiness(pod: Pod): [ready: number, total: number] {
  const counted = containersOf(pod).filter(({ role }) => role === "app" || role === "sidecar");
  return [counted.filter(({ status }) => status?.ready === true).length, counted.length];
}

/** The word a container stands under. */
export function containerStatus({ status, role }: ContainerView): Status {
  const state: ContainerState | undefined = status?.state;
  if (state?.terminated !== undefined) {
    const { reason, exitCode = 0 } = state.terminated;
    if (exitCode === 0 && role === "init") return { tone: "done", word: reason ?? "Completed" };
    const word = reason ?? (exitCode === 0 ? "Completed" : "Error");
    return { tone: exitCode === 0 ? "done" : "err", word };
  }
  if (state?.running !== undefined) {
    if (status?.ready === false && role !== "ephemeral" && role !== "init") return { tone: "warn", word: "Running, not ready" };
    return { tone: role === "init" ? "run" : "ok", word: "Running" };
  }
  const reason = state?.waiting?.reason;
  if (reason === undefined) return { tone: "unk", word: "Waiting" };
  const tone = toneOf(reason);
  return { tone: tone === "unk" ? "warn" : tone, word: reason };
}
