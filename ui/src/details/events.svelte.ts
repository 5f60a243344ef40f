/** The events about one object, newest first. */

import { kube } from "../api/kube";
import { asProblem, type ApiProblem } from "../api/problem";
import { lastSeen } from "../kinds/events";
import type { Event } from "../kinds/shapes";
import type { Subject } from "./reader.svelte";

/** The API server keeps events for an hour or so; more than this of one object are not worth reading. */
const LIMIT = 500;

/** The list of events about an object. Those of cluster-scoped objects are kept in `default`. */
export function eventsPath({ resource, namespace, name }: Pick<Subject, "resource" | "namespace" | "name">): string {
  const where = namespace === "" ? "default" : namespace;
  const selector = `involvedObject.name=${name},involvedObject.kind=${resource.kind}`;
  return `api/v1/namespaces/${encodeURIComponent(where)}/events?limit=${LIMIT}&fieldSelector=${encodeURIComponent(selector)}`;
}

export function newestFirst(events: readonly Event[]): Event[] {
  return [...events].sort((a, b) => (lastSeen(b) ?? 0) - (lastSeen(a) ?? 0));
}

export class EventsReader {
  /** Null: not read yet. */
  items = $state.raw<readonly Event[] | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  #abort: AbortController | null = null;

  get warnings(): number {
    return this.items?.filter(({ type }) => type === "Warning").length ?? 0;
  }

  forget(): void {
    this.#abort?.abort();
    this.items = null;
    this.problem = null;
  }

  async read(subject: Subject): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const list = await kube.get<{ items?: Event[] }>(subject.cluster, eventsPath(subject), { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.items = newestFirst(list.items ?? []);
      this.problem = null;
    } catch (error) {
      if (!abort.signal.aborted) this.problem = asProblem(error);
    }
  }
}
