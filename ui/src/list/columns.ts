/** Which columns are shown, and how wide. */
import type { Column } from "../app/types";
import type { ExtraDefinition } from "../live/protocol";
import type { Row } from "../live/rows.svelte";
import { cellText, isMono, isNumeric } from "./cells";
import { textWidth } from "./measure";

/** A column as the list draws it; `index` is its cell's, -1 for the namespace, which is no cell. */
export interface ShownColumn {
  readonly index: number;
  /** What an address and what is remembered name it by. A kind may have several of one name. */
  readonly name: string;
  /** What stands above it, where that is not its name. */
  readonly title?: string;
  readonly role: "name" | "namespace" | "status" | "ready" | "age" | "restarts" | "extra" | "other";
  readonly numeric: boolean;
  readonly mono: boolean;
  readonly description: string;
  readonly wide: boolean;
  /** What the server says of it, when the API server does not print it. */
  readonly extra?: ExtraDefinition;
}

export const titleOf = ({ title, name }: ShownColumn): string => title ?? name;

const NAMESPACE = "Namespace";

export function describe(columns: readonly Column[], statusAt: number, withNamespace: boolean): ShownColumn[] {
  const shown: ShownColumn[] = columns.map((column, index) => ({
    index,
    name: column.name,
    role: roleOf(column, index, statusAt),
    numeric: isNumeric(column),
    mono: isMono(column),
    description: column.description,
    wide: column.priority > 0,
  }));
  if (withNamespace) {
    const name = shown.findIndex(({ role }) => role === "name");
    // A custom resource may print a column of that name, of whatever it likes.
    const own = shown.some((column) => column.name === NAMESPACE) ? "@namespace" : NAMESPACE;
    shown.splice(name + 1, 0, { index: -1, name: own, title: NAMESPACE, role: "namespace", numeric: false, mono: false, description: "The namespace it is in.", wide: false });
  }
  return shown;
}

function roleOf(column: Column, index: number, statusAt: number): ShownColumn["role"] {
  if (column.format === "name") return "name";
  if (index === statusAt) return "status";
  if (column.name === "Ready") return "ready";
  if (column.name === "Age" || column.name === "Last Seen") return "age";
  if (column.name === "Restarts") return "restarts";
  return "other";
}

/** What a reader chose; by default what kubectl shows without `-o wide`. */
export function isOn(column: ShownColumn, chosen: Readonly<Record<string, boolean>>): boolean {
  return column.role === "name" || (chosen[column.name] ?? (!column.wide || column.name === "Node"));
}

const GAP = 14;
const LEAST_NAME = 168;
const WIDEST = 300;

/** The width in pixels that a column needs for these rows; `measured` tells a cell of an extra column as text or in pixels. */
export function widthFor(column: ShownColumn, rows: readonly Row[], now: number, measured: (column: ShownColumn, row: Row) => string | number = () => ""): number {
  let longest = "";
  let pixels = 0;
  for (const row of rows) {
    const extra = column.extra ? measured(column, row) : null;
    if (typeof extra === "number") pixels = Math.max(pixels, extra);
    const text = extra !== null ? String(extra) : column.index < 0 ? row.namespace : column.role === "name" ? row.name : cellText(row.cells[column.index], now);
    if (text.length > longest.length) longest = text;
  }
  const mark = column.role === "status" ? 20 : 0;
  // Ages and restarts grow as time goes by; a little room keeps the columns still.
  const growth = column.role === "age" ? 8 : column.role === "restarts" ? 14 : 0;
  const text = textWidth(longest, column.mono || column.role === "name" ? "mono" : "ui");
  const content = pixels || text;
  return Math.min(WIDEST, Math.ceil(Math.max(content, textWidth(titleOf(column), "ui"))) + mark + growth + GAP);
}

export interface Layout {
  readonly columns: readonly ShownColumn[];
  /** `grid-template-columns` */
  readonly template: string;
  /** Left out for lack of room. */
  readonly dropped: readonly ShownColumn[];
}

/** What steps back first when there is no room: the last ones, and status, readiness and age at the very end. */
const WORTH: Readonly<Record<ShownColumn["role"], number>> = { name: 9, status: 8, extra: 7, age: 6, ready: 5, namespace: 4, restarts: 3, other: 1 };

export function fit(columns: readonly ShownColumn[], widths: ReadonlyMap<string, number>, available: number): Layout {
  const width = (column: ShownColumn): number => widths.get(column.name) ?? 80;
  const kept = [...columns];
  const dropped: ShownColumn[] = [];
  const needed = (): number => kept.reduce((sum, column) => sum + (column.role === "name" ? Math.min(width(column), LEAST_NAME) : width(column)), 28);
  while (available > 0 && needed() > available && kept.length > 2) {
    let least = -1;
    kept.forEach((column, at) => {
      const than = kept[least];
      if (column.role !== "name" && (than === undefined || WORTH[column.role] <= WORTH[than.role])) least = at;
    });
    if (least < 0) break;
    dropped.push(...kept.splice(least, 1));
  }
  const template = kept.map((column) => (column.role === "name" ? `minmax(${LEAST_NAME}px, 1fr)` : `${width(column)}px`)).join(" ");
  return { columns: kept, template, dropped };
}
