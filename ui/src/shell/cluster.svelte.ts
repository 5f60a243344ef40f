/** What the page knows of the cluster it is in: its kinds, its namespaces, who one is there. */
import { json } from "../api/client";
import { discover, idOf } from "../api/discovery";
import { held } from "../api/held";
import { kube } from "../api/kube";
import { asProblem, type ApiProblem } from "../api/problem";
import type { Access, Resource } from "../app/types";

export class ClusterStore {
  resources = $state.raw<readonly Resource[]>([]);
  /** API groups that did not answer. */
  missing = $state.raw<readonly string[]>([]);
  access = $state.raw<Access | null>(null);
  version = $state("");
  problem = $state.raw<ApiProblem | null>(null);
  ready = $state(false);
  #loading = false;
  #wanted = false;

  constructor(readonly name: string) {}

  /** Ask before it is known whether it will be shown: that it can't be read is nobody's problem yet. */
  expect(): Promise<void> {
    return this.#read();
  }

  load(): Promise<void> {
    this.#wanted = true;
    return this.#read();
  }

  async #read(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.problem = null;
    // Only the kinds are waited for; the rest fills in when it comes.
    void kube.get<{ gitVersion: string }>(this.name, "version").then(({ gitVersion }) => (this.version = gitVersion)).catch(() => undefined);
    void this.#readAccess();
    try {
      const { resources, missing } = await discover(this.name);
      this.resources = resources;
      this.missing = missing;
      this.ready = true;
    } catch (error) {
      if (this.#wanted) this.problem = asProblem(error);
    } finally {
      this.#loading = false;
    }
  }

  async #readAccess(): Promise<void> {
    try {
      this.access = await json<Access>(`api/access?cluster=${encodeURIComponent(this.name)}`);
    } catch {
      // Without it the page offers no choice of namespaces; a typed one still works.
      this.access = null;
    }
  }

  /** The kind that an address or a person means: `pods`, `deployments.apps`, `po`, `Deployment`. */
  find(word: string): Resource | null {
    const wanted = word.toLowerCase();
    const exact = this.resources.find((resource) => idOf(resource) === wanted);
    if (exact) return exact;
    const named = (resource: Resource): boolean =>
      resource.plural === wanted || resource.singular === wanted || resource.kind.toLowerCase() === wanted || resource.shortNames.includes(wanted);
    return this.resources.find(named) ?? null;
  }
}

class Clusters {
  #known = new Map<string, ClusterStore>();

  of(name: string): ClusterStore {
    let store = this.#known.get(name);
    if (!store) {
      store = new ClusterStore(name);
      this.#known.set(name, store);
    }
    return store;
  }

  constructor() {
    // Whoever signed in again may be in other groups now, and what failed meanwhile is asked again.
    held.onRelease(() => {
      for (const store of this.#known.values()) if (store.ready || store.problem) void store.load();
    });
  }

  /** Forget everything: another person may sign in next. */
  clear(): void {
    this.#known.clear();
  }
}

export const clusters = new Clusters();
