/** Which columns a list shows, as the reader chose them, and how wide they are. */
import { idOf } from "../api/discovery";
import { clock } from "../app/clock.svelte";
import type { Resource } from "../app/types";
import type { Row, Subscription } from "../live/rows.svelte";
import { storeColumns, storedColumns } from "./chosen";
import { describe, fit, isOn, widthFor, type ShownColumn } from "./columns";
import { describeExtras, extraExtent } from "./extra/columns";
import { storedExtras, storeExtras } from "./extra/stored";

/** What columns depend on; each is read by itself, so that it alone is depended on. */
export interface Scene {
  readonly resource: Resource;
  readonly rows: Subscription | null;
  /** Place of the column that says how a row is; -1 for none. */
  readonly statusAt: number;
  readonly withNamespace: boolean;
  readonly entries: readonly { readonly row: Row }[];
  /** Room in pixels; 0 where columns need none, as on a phone. */
  readonly room: number;
}

/** Rows that widths are measured by. */
const SAMPLE = 300;

/** Belongs to a component: it is made while that is. */
export class ShownColumns {
  chosen = $state.raw<Readonly<Record<string, boolean>>>({});
  /** Ids of the columns that the API server does not print. */
  extraIds = $state.raw<readonly string[]>([]);
  readonly #of = $derived.by(() => this.scene.rows?.columns ?? []);
  readonly extras = $derived.by(() => describeExtras(this.extraIds, this.scene.rows?.extra.definitions ?? []));
  readonly own = $derived.by(() => describe(this.#of, this.scene.statusAt, this.scene.withNamespace));
  readonly all = $derived.by((): readonly ShownColumn[] => [...this.own, ...this.extras]);
  readonly wanted = $derived.by(() => this.all.filter((column) => isOn(column, this.chosen)));
  readonly layout = $derived.by(() => fit(this.wanted, this.#widths, this.scene.room));
  #widths = $state.raw<ReadonlyMap<string, number>>(new Map());
  #widthsOf: unknown;

  constructor(private readonly scene: Scene) {
    $effect.pre(() => {
      const id = idOf(this.scene.resource);
      this.chosen = storedColumns(id);
      this.extraIds = storedExtras(id);
    });
    $effect(() => this.#grow());
  }

  choose(chosen: Readonly<Record<string, boolean>>): void {
    this.chosen = chosen;
    storeColumns(idOf(this.scene.resource), chosen);
  }

  chooseExtras(ids: readonly string[]): void {
    this.extraIds = ids;
    storeExtras(idOf(this.scene.resource), ids);
  }

  /** Columns only ever grow while one looks at the same list: nothing jumps when rows change. */
  #grow(): void {
    const { entries, rows } = this.scene;
    const from = this.#widthsOf === this.#of ? this.#widths : new Map<string, number>();
    if (!entries.length || !this.wanted.length) return;
    const sample = entries.slice(0, SAMPLE).map(({ row }) => row);
    const extent = ({ extra }: ShownColumn, row: Row): string | number => (extra && rows ? extraExtent(extra.type, rows.extra.cell(row.key, extra.id), clock.now) : "");
    const next = new Map(from);
    for (const column of this.wanted) {
      const needed = widthFor(column, sample, clock.now, extent);
      if (needed > (next.get(column.name) ?? 0)) next.set(column.name, needed);
    }
    this.#widthsOf = this.#of;
    if ([...next].some(([name, value]) => this.#widths.get(name) !== value)) this.#widths = next;
  }
}
