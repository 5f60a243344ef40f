/** How a row is: the tone of its status word, tempered by what else the row says. */
import type { Column, Tone } from "../app/types";
import { toneOf } from "../kinds";
import type { Row } from "../live/rows.svelte";
import { fixedText } from "./cells";

export interface RowStatus {
  readonly tone: Tone;
  readonly word: string;
}

const URGENCY: Readonly<Record<Tone, number>> = { err: 0, warn: 1, run: 2, unk: 3, ok: 4, done: 5 };
/** Different statuses that are remembered; a column with more of them is no status. */
const REMEMBERED = 5000;
const FRACTION = /^(\d{1,15})\/(\d{1,15})$/;
/** Custom resources have no status column that we know of; these are the usual names. */
const USUAL = ["Status", "Phase", "State", "Ready", "Synced", "Available", "Health"];

/** Index of the column that says how a row is; -1 when no column does. */
export function statusIndex(columns: readonly Column[], known: string | null): number {
  if (known !== null) return columns.findIndex(({ name }) => name === known);
  for (const name of USUAL) {
    const index = columns.findIndex((column) => column.name === name && column.priority === 0);
    if (index >= 0) return index;
  }
  return -1;
}

/** A function that says how a row is; null when the kind has no status. */
export function statusReader(columns: readonly Column[], statusColumn: string | null, plural: string): ((row: Row) => RowStatus) | null {
  const index = statusIndex(columns, statusColumn);
  if (index < 0) return null;
  const column = columns[index];
  const ready = columns.findIndex(({ name }) => name === "Ready");
  const desired = columns.findIndex(({ name }) => name === "Desired");
  // Most rows say one of a few things.
  const known = new Map<string, RowStatus>();
  return ({ cells }) => {
    const beside = fixedText(cells[column?.type === "integer" ? desired : ready]);
    const key = `${fixedText(cells[index])}\u0000${beside}`;
    let status = known.get(key);
    if (!status) {
      if (known.size >= REMEMBERED) known.clear();
      known.set(key, (status = judge(cells)));
    }
    return status;
  };

  function judge(cells: Row["cells"]): RowStatus {
    const word = fixedText(cells[index]);
    const fraction = FRACTION.exec(word);
    if (fraction) return { word, tone: share(Number(fraction[1]), Number(fraction[2])) };
    if (column?.type === "integer") return { word, tone: desired >= 0 ? share(Number(word), Number(cells[desired])) : "unk" };
    if (column?.type === "boolean" || plural === "cronjobs") return { word, tone: /^true$/i.test(word) ? "unk" : "ok" };
    if (word === "False") return { word, tone: "warn" };
    const tone = toneOf(word);
    // A pod may be Running and yet not ready.
    if (tone === "ok" && ready >= 0 && ready !== index) {
      const parts = FRACTION.exec(fixedText(cells[ready]));
      if (parts && Number(parts[1]) < Number(parts[2])) return { word, tone: "warn" };
    }
    return { word, tone };
  }
}

function share(done: number, total: number): Tone {
  if (total === 0) return "unk";
  return done >= total ? "ok" : done === 0 ? "err" : "warn";
}

export const urgency = (tone: Tone): number => URGENCY[tone];
