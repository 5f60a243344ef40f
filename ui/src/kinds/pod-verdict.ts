/** What is wrong with a pod, in a sentence: the cause before the symptom. */

import { containersOf, readiness } from "./containers";
import type { ContainerView, Inline, Phrase, Verdict } from "./kind";
import { seconds } from "./object";
import type { Container, Pod, Probe, Terminated } from "./shapes";
import { goDuration, ordinal } from "./time";
import { plural, sentence, stop } from "./words";

/** A restart is worth a word for this long after a container came back, in seconds. */
const RECENT = 10 * 60;
/** How long a pod may be on its way before that is worth a word, in seconds. */
const PATIENCE = 60;

export function podVerdict(pod: Pod, now: number): Verdict | null {
  return leaving(pod, now) ?? dead(pod) ?? unscheduled(pod) ?? blocked(pod, now) ?? unready(pod, now) ?? restarted(pod, now);
}

function leaving(pod: Pod, now: number): Verdict | null {
  const deadline = seconds(pod.metadata?.deletionTimestamp);
  if (deadline === undefined) return null;
  const finalizers = pod.metadata?.finalizers ?? [];
  if (finalizers.length > 0) {
    return { tone: "warn", head: "Being deleted.", cause: ["It waits for ", ...listed(finalizers), " to let go of it, deleted ", { at: deadline - (pod.metadata?.deletionGracePeriodSeconds ?? 0), as: "ago" }, "."] };
  }
  if (deadline >= now) return { tone: "run", head: "Terminating.", cause: ["Its containers have ", { at: deadline, as: "left" }, " to stop by themselves."] };
  return { tone: "warn", head: "Still terminating.", cause: ["It should have been gone ", { at: deadline, as: "ago" }, ". The kubelet of its node has not confirmed that the containers stopped."] };
}

function dead(pod: Pod): Verdict | null {
  const { status } = pod;
  if (status?.phase !== "Failed") return null;
  if (status.reason !== undefined) {
    return { tone: "err", head: status.reason === "Evicted" ? "Evicted." : `Failed: ${status.reason}.`, cause: status.message === undefined ? ["The node gave no further reason."] : [sentence(status.message)] };
  }
  const broken = containersOf(pod).find(({ status: each }) => (each?.state?.terminated?.exitCode ?? 0) !== 0);
  const end = broken?.status?.state?.terminated;
  if (broken === undefined || end === undefined) return { tone: "err", head: "Failed.", cause: ["The pod does not say why."] };
  return { tone: "err", head: "Failed.", cause: [{ code: broken.container.name }, " ", ...ending(end, broken.container), "."], ...lastWords(end) };
}

function unscheduled(pod: Pod): Verdict | null {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (condition === undefined) return null;
  const since = seconds(condition.lastTransitionTime);
  const wait: Phrase = since === undefined ? [] : ["Waiting since ", { at: since, as: "ago" }, "."];
  if (condition.reason === "SchedulingGated") return { tone: "warn", head: "Held back.", cause: ["A scheduling gate has to be removed first."], more: wait };
  return { tone: "warn", head: "No node takes it.", cause: [sentence(condition.message ?? "The scheduler found no place.")], more: wait };
}

/** A container that can't start, or keeps ending. */
function blocked(pod: Pod, now: number): Verdict | null {
  for (const view of containersOf(pod)) {
    if (view.role === "ephemeral") continue;
    const { waiting, terminated } = view.status?.state ?? {};
    if (waiting?.reason !== undefined && !["ContainerCreating", "PodInitializing"].includes(waiting.reason)) return waitingVerdict(pod, view, waiting.reason, waiting.message, now);
    if (terminated !== undefined && (terminated.exitCode ?? 0) !== 0) {
      return { tone: "err", head: head(pod, view), cause: [{ code: view.container.name }, " ", ...ending(terminated, view.container), "."], ...lastWords(terminated) };
    }
  }
  return null;
}

function waitingVerdict(pod: Pod, view: ContainerView, reason: string, message: string | undefined, now: number): Verdict {
  const name: Inline = { code: view.container.name };
  const last = view.status?.lastState?.terminated;
  if (reason === "CrashLoopBackOff") {
    const times = view.status?.restartCount ?? 0;
    const cause: Inline[] = last === undefined ? [name, " keeps ending"] : [name, " ", ...ending(last, view.container)];
    cause.push(times > 1 ? `, the ${ordinal(times)} time.` : ".");
    const next = nextTry(message, last);
    if (next !== undefined && next > now) cause.push(" Next try in ", { at: next, as: "left" }, ".");
    return { tone: "err", head: head(pod, view), cause, ...(last === undefined ? {} : lastWords(last)) };
  }
  if (["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"].includes(reason)) {
    const more: Phrase = message === undefined ? [] : [sentence(message)];
    return { tone: "err", head: head(pod, view), cause: [name, " can’t get its image ", { code: view.container.image ?? "" }, "."], more };
  }
  if (reason === "CreateContainerConfigError") {
    return { tone: "err", head: head(pod, view), cause: [name, ` can’t be configured: ${stop(message ?? "something it refers to is missing")}`] };
  }
  return { tone: "err", head: head(pod, view), cause: [name, ` waits: ${reason}. `, ...(message === undefined ? [] : [sentence(message)])] };
}

function head(pod: Pod, view: ContainerView): string {
  if (view.role === "init") return "Not initialised.";
  const [ready, total] = readiness(pod);
  return `${ready} of ${plural(total, "container")} ready.`;
}

/** `was OOMKilled 2 min ago at its limit of 512Mi`, `exited with code 1 40 s ago`. */
function ending(end: Terminated, container: Container): Phrase {
  const finished = seconds(end.finishedAt);
  const when: Phrase = finished === undefined ? [] : [" ", { at: finished, as: "ago" }];
  const code = end.exitCode ?? 0;
  if (end.reason === "OOMKilled") {
    const limit = container.resources?.limits?.["memory"];
    return ["was OOMKilled", ...when, ...(limit === undefined ? [] : [` at its limit of ${limit}`])];
  }
  if (end.signal !== undefined && end.signal !== 0) return [`was ended by signal ${end.signal}`, ...when];
  if (code === 137) return ["was killed (exit code 137)", ...when];
  if (code === 143) return ["was asked to stop (exit code 143)", ...when];
  const reason = end.reason === undefined || ["Error", "Completed"].includes(end.reason) ? "" : ` (${end.reason})`;
  return [`exited with code ${code}${reason}`, ...when];
}

/** The end of what a container wrote before it ended, if the kubelet kept it. */
function lastWords(end: Terminated): { more?: Phrase } {
  const message = end.message?.trim();
  return message === undefined || message === "" ? {} : { more: [message.length > 300 ? `…${message.slice(-300)}` : message] };
}

/** The kubelet says `back-off 2m40s restarting …`; the wait counts from the end of the last run. */
function nextTry(message: string | undefined, last: Terminated | undefined): number | undefined {
  const wait = goDuration(/back-off (\S+) /.exec(message ?? "")?.[1] ?? "");
  const ended = seconds(last?.finishedAt);
  return wait === undefined || ended === undefined ? undefined : ended + wait;
}

function unready(pod: Pod, now: number): Verdict | null {
  if (pod.status?.phase === "Succeeded") return null;
  const [ready, total] = readiness(pod);
  const created = seconds(pod.metadata?.creationTimestamp) ?? now;
  const views = containersOf(pod).filter(({ role, status }) => (role === "app" || role === "sidecar") && status?.ready !== true);
  const running = views.filter(({ status }) => status?.state?.running !== undefined);
  if (running.length > 0) {
    const first = running[0];
    if (first === undefined) return null;
    const since = seconds(first.status?.state?.running?.startedAt);
    const probe = first.container.readinessProbe ?? first.container.startupProbe;
    const cause: Inline[] = [...listed(running.map(({ container }) => container.name)), running.length === 1 ? " runs" : " run"];
    if (since !== undefined && running.length === 1) cause.push(" since ", { at: since, as: "ago" });
    cause.push(probe === undefined ? " and is not ready yet." : `, and ${first.container.readinessProbe === undefined ? "its startup" : "its readiness"} probe does not succeed: ${probeText(probe)}.`);
    const young = since === undefined || now - since < PATIENCE;
    return { tone: young ? "run" : "warn", head: `${ready} of ${plural(total, "container")} ready.`, cause };
  }
  const gate = pod.status?.conditions?.find(({ type, status }) => type === "Ready" && status === "False");
  if (ready === total && total > 0) {
    if (gate?.reason !== "ReadinessGatesNotReady") return null;
    return { tone: "warn", head: "Containers ready, pod not.", cause: [sentence(gate.message ?? "A readiness gate is still closed.")] };
  }
  const initialising = containersOf(pod).find(({ role, status }) => role === "init" && status?.state?.terminated?.exitCode !== 0);
  const slow = now - created > PATIENCE;
  if (initialising !== undefined) {
    return { tone: "run", head: "Initialising.", cause: [{ code: initialising.container.name }, initialising.status?.state?.running === undefined ? " is about to run." : " is running."] };
  }
  if (pod.spec?.nodeName === undefined) return { tone: "run", head: "Waiting for a node.", cause: ["The scheduler has not placed it yet."] };
  return { tone: slow ? "warn" : "run", head: "Containers are being created.", cause: slow ? ["This takes longer than usual, since ", { at: created, as: "ago" }, ". The events say what it waits for."] : ["The node fetches images and mounts volumes."] };
}

function restarted(pod: Pod, now: number): Verdict | null {
  for (const { container, status, role } of containersOf(pod)) {
    const end = status?.lastState?.terminated;
    const finished = seconds(end?.finishedAt);
    if (role === "ephemeral" || role === "init" || end === undefined || finished === undefined || now - finished > RECENT) continue;
    return { tone: "warn", head: "Ready, but restarted.", cause: [{ code: container.name }, " ", ...ending(end, container), ` and runs again, ${plural(status?.restartCount ?? 1, "restart")} in all.`], ...lastWords(end) };
  }
  return null;
}

export function probeText(probe: Probe): string {
  if (probe.httpGet !== undefined) return `GET ${probe.httpGet.path ?? "/"} on port ${probe.httpGet.port ?? "?"}`;
  if (probe.tcpSocket !== undefined) return `a connection to port ${probe.tcpSocket.port ?? "?"}`;
  if (probe.grpc !== undefined) return `gRPC health on port ${probe.grpc.port ?? "?"}`;
  return (probe.exec?.command ?? ["a command"]).join(" ");
}

function listed(names: readonly string[]): Phrase {
  return names.flatMap((name, index): Inline[] => [...(index === 0 ? [] : [index === names.length - 1 ? " and " : ", "]), { code: name }]);
}
