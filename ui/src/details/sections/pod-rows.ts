/** Pods out of a Table of the API server's (meta.k8s.io/v1). */

import type { Tone } from "../../app/types";
import { toneOf } from "../../kinds/tones";

export interface PodTable {
  columnDefinitions?: { name: string }[];
  rows?: { cells: unknown[]; object?: { metadata?: { name?: string; namespace?: string } } }[];
  metadata?: { remainingItemCount?: number };
}

export interface PodRow {
  readonly namespace: string;
  readonly name: string;
  readonly ready: string;
  readonly status: string;
  readonly tone: Tone;
}

/** The address of the pods that the selectors find; `namespace` is "" for all. */
export function podsPath(namespace: string, labelSelector: string, fieldSelector: string, limit: number): string {
  const query = new URLSearchParams({ limit: String(limit), includeObject: "Metadata" });
  if (labelSelector !== "") query.set("labelSelector", labelSelector);
  if (fieldSelector !== "") query.set("fieldSelector", fieldSelector);
  return `api/v1/${namespace === "" ? "" : `namespaces/${encodeURIComponent(namespace)}/`}pods?${query.toString()}`;
}

/** Troubled pods first, then by name. */
export function podRows(table: PodTable): PodRow[] {
  const column = (name: string): number => table.columnDefinitions?.findIndex((each) => each.name === name) ?? -1;
  const [name, ready, status] = [column("Name"), column("Ready"), column("Status")];
  const rows = (table.rows ?? []).map(({ cells, object }): PodRow => {
    const readyText = textOf(cells[ready]);
    const word = textOf(cells[status]);
    return { namespace: object?.metadata?.namespace ?? "", name: object?.metadata?.name ?? textOf(cells[name]), ready: readyText, status: word, tone: tone(word, readyText) };
  });
  return rows.sort((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone) || a.name.localeCompare(b.name));
}

const ORDER: readonly Tone[] = ["err", "warn", "run", "unk", "ok", "done"];

function tone(word: string, ready: string): Tone {
  const [have, want] = ready.split("/");
  return word === "Running" && have !== want ? "warn" : toneOf(word);
}

function textOf(cell: unknown): string {
  return typeof cell === "string" || typeof cell === "number" ? String(cell) : "";
}
