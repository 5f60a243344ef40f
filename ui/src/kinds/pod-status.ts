/** The word under which kubectl lists a pod. */

import type { Status } from "./kind";
import type { ContainerStatus, Pod } from "./shapes";
import { toneOf } from "./tones";
import { readiness } from "./containers";

export function podStatus(pod: Pod): Status {
  const word = podWord(pod);
  if (word === "Running") {
    const [ready, total] = readiness(pod);
    return { tone: ready < total ? "warn" : "ok", word };
  }
  return { tone: toneOf(word), word };
}

function podWord(pod: Pod): string {
  const { status } = pod;
  if (pod.metadata?.deletionTimestamp !== undefined) return status?.reason === "NodeLost" ? "Unknown" : "Terminating";
  const initWord = initialising(pod);
  if (initWord !== undefined) return initWord;
  const statuses = status?.containerStatuses ?? [];
  let word: string | undefined;
  for (const each of statuses) word = troubled(each) ?? word;
  if (word === "Completed" && statuses.some(({ ready, state }) => ready === true && state?.running !== undefined)) {
    const ready = status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") === true;
    return ready ? "Running" : "NotReady";
  }
  const gated = status?.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated") === true;
  return word ?? (gated ? "SchedulingGated" : undefined) ?? status?.reason ?? status?.phase ?? "Unknown";
}

/** `Init:…` while init containers are not through; undefined afterwards. */
function initialising(pod: Pod): string | undefined {
  const specs = pod.spec?.initContainers ?? [];
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, each] of statuses.entries()) {
    const sidecar = specs.find(({ name }) => name === each.name)?.restartPolicy === "Always";
    if (each.state?.terminated?.exitCode === 0) continue;
    if (sidecar && each.started === true) continue;
    if (each.state?.terminated !== undefined) return `Init:${terminatedWord(each.state.terminated)}`;
    const waiting = each.state?.waiting?.reason;
    if (waiting !== undefined && waiting !== "" && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${specs.length}`;
  }
  return undefined;
}

function troubled({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason !== undefined && state.waiting.reason !== "") return state.waiting.reason;
  if (state?.terminated !== undefined) return terminatedWord(state.terminated);
  return undefined;
}

function terminatedWord({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode?: number }): string {
  if (reason !== undefined && reason !== "") return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}
