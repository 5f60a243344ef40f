/** The selected row of a list: where it is, how it comes into view, and how keys walk on from it. */
import { untrack } from "svelte";
import { router } from "../app/router.svelte";
import type { Subscription } from "../live/rows.svelte";
import type { ListView } from "./view.svelte";

/** The rows as they are drawn. */
export interface Sheet {
  /** Bring the row at a place into view. */
  reveal(at: number): void;
  focus(): void;
  pageSize(): number;
}

/** Rows are known by `namespace/name`, those of the cluster by `/name`; addresses leave that slash out. */
const keyOf = (sel: string): string => (sel === "" || sel.includes("/") ? sel : `/${sel}`);
export const selOf = (key: string): string => key.replace(/^\//, "");

/** Belongs to a component: it is made while that is. */
export class Selection {
  /** Key of the selected row, "" for none. */
  readonly key = $derived(keyOf(router.route.sel));
  /** Its place, -1 while it is not here. */
  readonly #at = $derived.by(() => (this.key ? this.#placeOf(this.key) : -1));
  /** Its place is asked for: it is out of the window. */
  readonly #away = $derived.by(() => this.key !== "" && this.#at < 0 && this.#inWindows);
  readonly #inWindows = $derived.by(() => this.rows()?.window != null);
  /** Where it was seen last: a row that is out of the window is still walked on from. */
  #lastAt = -1;
  /** It has been brought into view; after that the reader scrolls. */
  #revealed = "";
  /** The place that the reader has gone to before its row was here. */
  #awaited = $state(-1);
  /** Which rows have places, and in which order. */
  readonly #among = $derived.by(() => JSON.stringify([router.route.q, router.route.sort, this.rows()?.query]));

  constructor(
    private readonly view: ListView,
    private readonly rows: () => Subscription | null,
    private readonly sheet: () => Sheet | undefined,
  ) {
    $effect.pre(() => {
      if (this.#at >= 0 || !this.key) this.#lastAt = this.#at;
    });
    $effect.pre(() => {
      void this.#among;
      this.#awaited = -1;
    });
    // Whoever comes by a link or the palette sees the row that it names.
    $effect(() => {
      const sheet = this.sheet();
      if (!this.key) this.#revealed = "";
      if (!sheet || this.#at < 0 || this.key === this.#revealed) return;
      this.#revealed = this.key;
      sheet.reveal(this.#at);
    });
    $effect(() => {
      if (!this.#away || this.key === this.#revealed) return;
      const slash = this.key.indexOf("/");
      untrack(() => this.rows()?.locate([this.key.slice(0, slash), this.key.slice(slash + 1)]));
    });
    $effect(() => {
      const found = this.rows()?.located;
      if (found && found.index !== null && found.key.join("/") === this.key && this.key !== this.#revealed) this.sheet()?.reveal(found.index);
    });
    $effect(() => {
      const entry = this.view.entries[this.#awaited - this.view.first];
      if (this.#awaited < 0 || !entry) return;
      untrack(() => this.select(entry.row.key));
    });
  }

  select(key: string): void {
    this.#awaited = -1;
    router.go({ sel: selOf(key) }, { replace: router.route.sel !== "" });
  }

  open(key: string): void {
    router.go({ sel: selOf(key), full: true });
  }

  walkTo(at: number): void {
    if (this.view.matching === 0) return;
    const place = Math.max(0, Math.min(this.view.matching - 1, at));
    const entry = this.view.entries[place - this.view.first];
    if (entry) this.select(entry.row.key);
    else this.#awaited = place;
    this.sheet()?.reveal(place);
    this.sheet()?.focus();
  }

  walk(step: number): void {
    const from = this.#awaited >= 0 ? this.#awaited : this.key ? this.#lastAt : -1;
    this.walkTo(from < 0 ? (step > 0 ? 0 : this.view.matching - 1) : from + step);
  }

  #placeOf(key: string): number {
    const at = this.view.entries.findIndex(({ row }) => row.key === key);
    return at < 0 ? -1 : this.view.first + at;
  }
}
