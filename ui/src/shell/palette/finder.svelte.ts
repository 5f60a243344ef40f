/** Objects by name across kinds: in the lists that are open, and in everything once somebody asks for that. */
import { idOf } from "../../api/discovery";
import type { Resource } from "../../app/types";
import { live } from "../../live/client.svelte";
import { fitting } from "../../live/everything";
import { LONGEST_SEARCH } from "../../live/limits";
import type { Found } from "../../live/protocol";

/** Between two letters nobody is asked. */
const PAUSE = 120;

export class Finder {
  found = $state.raw<Found | null>(null);
  /** Everything is searched; the next letters go on with it. */
  everywhere = $state(false);
  /** How many kinds are not, since one search can't name that many. */
  left = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | null = null;

  /** Look for `text` once no more is typed. `kinds` are read only when everything is searched. */
  look(cluster: string, text: string, kinds: readonly Resource[]): void {
    clearTimeout(this.#timer);
    if (text.trim() === "" || text.length > LONGEST_SEARCH) {
      this.#end();
      return;
    }
    const wanted = this.everywhere ? kinds.filter(worthReading) : [];
    const everything = fitting(wanted);
    this.left = wanted.length - everything.length;
    this.#timer = setTimeout(() => {
      this.#stop?.();
      this.#stop = live.search({ cluster, text, everything, namespaces: null, limit: 50 }, (found) => (this.found = found));
    }, PAUSE);
  }

  /** From now on in everything: what was found in the open lists says nothing of that. */
  searchAll(): void {
    this.#end();
    this.everywhere = true;
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
