/** The order of a list, from what its address says: a column's name or an extra column's id, after a "-" when it descends. */
import type { ExtraColumns } from "../live/extra.svelte";
import type { ShownColumn } from "./columns";
import { extraSortKey } from "./extra/columns";
import type { Order } from "./view.svelte";

export interface Sort {
  readonly name: string;
  readonly descending: boolean;
}

export const parseSort = (text: string): Sort => ({ name: text.replace(/^-/, ""), descending: text.startsWith("-") });

/** What is broken comes first unless a column that there is decides. */
export function orderOf({ name, descending }: Sort, columns: readonly ShownColumn[], cells: ExtraColumns | null): Order {
  const column = columns.find((each) => each.name === name);
  if (!column) return { by: "urgent", descending: false };
  const { extra } = column;
  if (extra && cells) return { by: (row) => extraSortKey(cells, extra, row), descending };
  return { by: column.index < 0 ? "namespace" : column.index, descending };
}
