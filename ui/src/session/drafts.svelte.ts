/** Text that was typed here and sent nowhere: a reload loses it, and it never goes out under another person's name. */
import { SvelteSet } from "svelte/reactivity";

class Drafts {
  readonly #all = new SvelteSet<symbol>();

  get any(): boolean {
    return this.#all.size > 0;
  }

  /** There is one more, until the returned function is called. */
  add(): () => void {
    const draft = Symbol("draft");
    this.#all.add(draft);
    return () => this.#all.delete(draft);
  }
}

export const drafts = new Drafts();
