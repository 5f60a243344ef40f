/** The object that the pane shows, as it was read last. What was there stays when a later read fails. */

import { held } from "../api/held";
import { kube, pathOf } from "../api/kube";
import { asProblem, type ApiProblem } from "../api/problem";
import type { Resource } from "../app/types";
import type { KubeObject } from "../kinds/object";

/** Which object. */
export interface Subject {
  readonly cluster: string;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

/** A burst of changes is read once per this many milliseconds. */
const PACE = 1000;

export function sameSubject(a: Subject | null, b: Subject): boolean {
  return a !== null && a.cluster === b.cluster && a.resource.plural === b.resource.plural && a.resource.group === b.resource.group && a.namespace === b.namespace && a.name === b.name;
}

export class ObjectReader {
  object = $state.raw<KubeObject | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  /** Since when the last read has been failing, or null. In seconds. */
  failingSince = $state<number | null>(null);
  loading = $state(false);
  /** How often the object has been read: what hangs on it reads again at the same pace. */
  reads = $state(0);
  #subject: Subject | null = null;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastRead = 0;
  readonly #leave = held.onRelease(() => this.refresh());

  /** Shows another object: what was shown of the last one goes. */
  show(subject: Subject): void {
    if (sameSubject(this.#subject, subject)) {
      this.#subject = subject;
      this.refresh();
      return;
    }
    this.#subject = subject;
    this.object = null;
    this.problem = null;
    this.failingSince = null;
    this.#stop();
    void this.#read();
  }

  /** Reads again, soon. */
  refresh(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#lastRead + PACE - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#read();
    }, wait);
  }

  close(): void {
    this.#leave();
    this.#stop();
    this.#subject = null;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = null;
  }

  async #read(): Promise<void> {
    const subject = this.#subject;
    // What was read last stays as it is until the sign-in is back; then it is read again.
    if (subject === null || (held.on && this.object !== null)) return;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#lastRead = Date.now();
    this.loading = true;
    try {
      const object = await kube.get<KubeObject>(subject.cluster, pathOf(subject.resource, subject.namespace, subject.name), { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.object = object;
      this.reads += 1;
      this.problem = null;
      this.failingSince = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem = asProblem(error);
      this.failingSince ??= Date.now() / 1000;
      // Another try when the fault may pass by itself.
      if (this.problem.offline || this.problem.status >= 500) this.#timer = setTimeout(() => this.#again(), 5 * PACE);
    } finally {
      if (!abort.signal.aborted) this.loading = false;
    }
  }

  #again(): void {
    this.#timer = undefined;
    void this.#read();
  }
}
