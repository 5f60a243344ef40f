/** A log that is open in the dock: which containers, their streams, and the lines they brought. */

import { SvelteMap } from "svelte/reactivity";
import { kube } from "../../api/kube";
import { asProblem } from "../../api/problem";
import { containersOf } from "../../kinds/containers";
import type { Pod } from "../../kinds/shapes";
import type { LogsOf } from "../dock.svelte";
import { logPath, podPath } from "../paths";
import { LogBuffer, type Change } from "./buffer";
import { LogFeed, outlookOf, type FeedState, type Outlook } from "./feed";
import type { LogLine } from "./line";

/** Stands for all containers of a pod in the chooser. */
export const ALL = "*";

/** Lines read of the past when a log is opened, for each container. */
const TAIL = 1000;
/** Lines that arrive within this many milliseconds are drawn at once. */
const PACE = 100;

export interface ContainerChoice {
  readonly name: string;
  readonly role: "init" | "sidecar" | "app" | "ephemeral";
  readonly restarts: number;
}

export class LogSession {
  readonly of: LogsOf;
  readonly buffer = new LogBuffer();
  /** Increments whenever lines came or went. */
  revision = $state(0);
  /** What the last revisions changed since the view last took them. */
  readonly changes: Change[] = [];
  containers = $state.raw<readonly ContainerChoice[]>([]);
  /** The chosen container, or ALL. "" until the pod is known. */
  container = $state("");
  previous = $state(false);
  readonly states = new SvelteMap<string, FeedState>();
  /** Lines that came while none was drawn count too. */
  received = 0;
  #feeds: LogFeed[] = [];
  #pending: LogLine[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(of: LogsOf) {
    this.of = of;
    this.previous = of.previous ?? false;
  }

  async start(): Promise<void> {
    let chosen = this.of.container ?? "";
    try {
      const pod = await kube.get<Pod>(this.of.cluster, podPath(this.of));
      if (this.#closed) return;
      this.containers = containersOf(pod).map(({ container, status, role }) => ({ name: container.name, role, restarts: status?.restartCount ?? 0 }));
      chosen ||= pod.metadata?.annotations?.["kubectl.kubernetes.io/default-container"] ?? pod.spec?.containers?.[0]?.name ?? "";
    } catch (error) {
      if (this.#closed) return;
      const problem = asProblem(error);
      if (problem.status === 404) {
        this.states.set("", { phase: "ended", message: `There is no pod ${this.of.pod}.` });
        return;
      }
      // Logs may be readable where pods are not: the API server picks the container then.
    }
    this.container = chosen;
    this.#open();
  }

  /** Shows another container, or all. */
  choose(container: string): void {
    if (container === this.container) return;
    this.container = container;
    this.#restart();
  }

  choosePrevious(previous: boolean): void {
    if (previous === this.previous) return;
    this.previous = previous;
    this.#restart();
  }

  retry(): void {
    for (const feed of this.#feeds) feed.retry();
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  /** One state for all streams: the worst, so that nothing is hidden. */
  get state(): FeedState {
    const all = [...this.states.values()];
    const of = (phase: FeedState["phase"]): FeedState | undefined => all.find((each) => each.phase === phase);
    return of("failed") ?? of("broken") ?? of("following") ?? of("connecting") ?? of("waiting") ?? of("ended") ?? { phase: "connecting", message: "" };
  }

  /** Where the whole log of the chosen container can be fetched, relative to the base; null for all containers. */
  get downloadPath(): string | null {
    if (this.container === ALL) return null;
    return `clusters/${encodeURIComponent(this.of.cluster)}/${this.#logPath(this.container, { timestamps: "true" })}`;
  }

  #restart(): void {
    this.#stop();
    this.buffer.clear();
    this.received = 0;
    this.changes.push({ dropped: 0, reordered: true });
    this.revision += 1;
    this.#open();
  }

  #open(): void {
    const names = this.container === ALL ? this.containers.map(({ name }) => name) : [this.container];
    this.states.clear();
    this.#feeds = names.map((name) => this.#feed(name));
    for (const feed of this.#feeds) feed.start();
  }

  #stop(): void {
    for (const feed of this.#feeds) feed.close();
    this.#feeds = [];
    this.#pending = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #feed(container: string): LogFeed {
    const follow = !this.previous;
    return new LogFeed({
      container,
      follow,
      open: (since) => {
        const past: Record<string, string> = since === "" ? { tailLines: String(TAIL) } : { sinceTime: since };
        return kube.socket(this.of.cluster, this.#logPath(container, { timestamps: "true", follow: String(follow), ...past }), ["base64.binary.k8s.io"]);
      },
      outlook: () => this.#outlook(container),
      onlines: (lines) => this.#receive(lines),
      onstate: (state) => this.states.set(container, state),
    });
  }

  #receive(lines: LogLine[]): void {
    this.#pending.push(...lines);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const batch = this.#pending;
      this.#pending = [];
      this.received += batch.length;
      this.changes.push(this.buffer.append(batch));
      this.revision += 1;
    }, PACE);
  }

  /** A socket doesn't tell why it was refused or ended: ask in a way that does. */
  async #outlook(container: string): Promise<Outlook> {
    try {
      await kube.text(this.of.cluster, this.#logPath(container, { tailLines: "1", limitBytes: "1" }));
    } catch (error) {
      return outlookOf(asProblem(error));
    }
    try {
      const pod = await kube.get<Pod>(this.of.cluster, podPath(this.of));
      return finished(pod, container) ?? { next: "again", message: "The stream ended; it goes on from its last line.", problem: false };
    } catch {
      return { next: "again", message: "", problem: false };
    }
  }

  #logPath(container: string, options: Readonly<Record<string, string>>): string {
    return logPath(this.of, container, this.previous ? { ...options, previous: "true" } : options);
  }
}

/** A container that ran to its end and is not started again. */
function finished(pod: Pod, container: string): Outlook | null {
  const view = containersOf(pod).find((each) => each.container.name === container);
  const end = view?.status?.state?.terminated;
  if (end === undefined) return null;
  const policy = view?.role === "init" ? "Never" : (pod.spec?.restartPolicy ?? "Always");
  const again = policy === "Always" || (policy === "OnFailure" && (end.exitCode ?? 0) !== 0);
  const over = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  if (again && !over) return null;
  return { next: "end", message: `${container} ended with exit code ${end.exitCode ?? 0}.` };
}
