/** How many objects of each kind there are: asked one kind at a time, at the price of one row. */
import { idOf } from "../api/discovery";
import { kube, pathOf } from "../api/kube";
import { ApiProblem } from "../api/problem";
import type { Resource } from "../app/types";

export type Count = { readonly is: number } | { readonly is: "denied" | "unknown" };

interface Page {
  readonly rows?: readonly unknown[];
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly remainingItemCount?: number };
}

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/** Adding up namespace by namespace is one request each; beyond this the count stays unknown. */
const MOST_NAMESPACES = 5;

async function countIn(cluster: string, resource: Resource, namespace: string, signal: AbortSignal): Promise<number> {
  const page = await kube.get<Page>(cluster, `${pathOf(resource, namespace)}?limit=1&includeObject=None`, { accept: TABLE, signal });
  return (page.rows ?? page.items ?? []).length + (page.metadata?.remainingItemCount ?? 0);
}

async function countOf(cluster: string, resource: Resource, namespaces: readonly string[], signal: AbortSignal): Promise<Count> {
  if (resource.namespaced && namespaces.length > MOST_NAMESPACES) return { is: "unknown" };
  const scopes = resource.namespaced && namespaces.length ? namespaces : [""];
  try {
    const counts = await Promise.all(scopes.map((namespace) => countIn(cluster, resource, namespace, signal)));
    return { is: counts.reduce((sum, count) => sum + count, 0) };
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 403) return { is: "denied" };
    return { is: "unknown" };
  }
}

export class Counts {
  by = $state.raw<Readonly<Record<string, Count>>>({});
  #abort = new AbortController();

  /**
   * Ask for all of `resources`, two at a time, so that the list itself is never kept waiting. `alternatives` are the
   * namespaces to add up when counting across all of them is denied.
   */
  async refresh(cluster: string, resources: readonly Resource[], namespaces: readonly string[], alternatives: readonly string[]): Promise<void> {
    this.#abort.abort();
    const { signal } = (this.#abort = new AbortController());
    const queue = [...resources];
    const found: Record<string, Count> = {};
    const work = async (): Promise<void> => {
      for (let resource = queue.shift(); resource && !signal.aborted; resource = queue.shift()) {
        let count = await countOf(cluster, resource, namespaces, signal);
        if (count.is === "denied" && resource.namespaced && namespaces.length === 0 && alternatives.length > 0) {
          count = await countOf(cluster, resource, alternatives, signal);
        }
        if (signal.aborted) return;
        found[idOf(resource)] = count;
        this.by = { ...this.by, ...found };
      }
    };
    await Promise.all([work(), work()]);
  }

  clear(): void {
    this.#abort.abort();
    this.by = {};
  }
}
