/** Objects by name across kinds: in the lists that are open, and in everything once somebody asks for that. */
import { idOf } from "../../api/discovery";
import type { Resource } from "../../app/types";
import { live } from "../../live/client.svelte";
import type { Found } from "../../live/protocol";

/** Between two letters nobody is asked. */
const PAUSE = 120;

export class Finder {
  found = $state.raw<Found | null>(null);
  /** The text that everything is searched for; the next letters go on with it. */
  everywhere = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | null = null;

  /** Look for `text` once no more is typed. `kinds` are read only when everything is searched. */
  look(cluster: string, text: string, kinds: readonly Resource[]): void {
    clearTimeout(this.#timer);
    if (text.trim() === "") {
      this.#end();
      return;
    }
    const everything = this.everywhere ? kinds.filter(worthReading).map(({ group, version, plural, namespaced }) => ({ group, version, plural, namespaced })) : [];
    this.#timer = setTimeout(() => {
      this.#stop?.();
      this.#stop = live.search({ cluster, text, everything, namespaces: null, limit: 50 }, (found) => (this.found = found));
    }, PAUSE);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#end();
    this.everywhere = false;
  }

  #end(): void {
    this.#stop?.();
    this.#stop = null;
    this.found = null;
  }
}

/** Events and leases are many, change all the time, and nobody looks for one of them by its name. */
const NEVER = new Set(["events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"]);
const worthReading = (resource: Resource): boolean => !NEVER.has(idOf(resource));
