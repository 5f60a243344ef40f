/** The filter of a list: `api status:Running -ns:kube-system label:tier=backend`. */
import type { Column } from "../app/types";
import type { Row } from "../live/rows.svelte";
import { fixedText } from "./cells";

export interface Condition {
  /** As it was typed, to take it away again. */
  readonly source: string;
  readonly negated: boolean;
  /** "" for a word that may be anywhere; `ns`, `name`, `status`, or a column's name in lower case. */
  readonly field: string;
  readonly value: string;
}

export interface Filter {
  readonly conditions: readonly Condition[];
  /** Go to the API server. */
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

const TOKEN = /(-?)(?:([a-z][a-z0-9()-]*):)?(?:"([^"]*)"?|(\S+))/gi;

export function parseFilter(text: string): Filter {
  const conditions: Condition[] = [];
  const labels: string[] = [];
  const fields: string[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [source, minus, field = "", quoted, bare] = match;
    const value = (quoted ?? bare ?? "").toLowerCase();
    if (field === "label") labels.push(quoted ?? bare ?? "");
    else if (field === "field") fields.push(quoted ?? bare ?? "");
    if (value === "" || value === "-") continue;
    conditions.push({ source, negated: minus === "-", field: field.toLowerCase(), value });
  }
  return { conditions, labelSelector: labels.join(","), fieldSelector: fields.join(",") };
}

/** The filter's text without one of its conditions. */
export function without(text: string, condition: Condition): string {
  return text.replace(condition.source, " ").replace(/\s+/g, " ").trim();
}

/** The filter's text with one condition more, or without it when it is there. */
export function toggled(text: string, source: string): string {
  const there = parseFilter(text).conditions.find((condition) => condition.source.toLowerCase() === source.toLowerCase());
  return there ? without(text, there) : `${text} ${source}`.trim();
}

/** A condition on a field, quoted where it needs to be. */
export const conditionOn = (field: string, value: string): string => `${field}:${/\s/.test(value) ? `"${value}"` : value}`;

/** A test for rows. `statusOf` says the word a row's status is shown with. */
export function matcher(filter: Filter, columns: readonly Column[], statusOf: (row: Row) => string): (row: Row) => boolean {
  const tests = filter.conditions
    .filter(({ field }) => field !== "label" && field !== "field")
    .map((condition) => {
      const test = valueTest(condition, columns, statusOf);
      return condition.negated ? (row: Row) => !test(row) : test;
    });
  return (row) => tests.every((test) => test(row));
}

function valueTest({ field, value }: Condition, columns: readonly Column[], statusOf: (row: Row) => string): (row: Row) => boolean {
  if (field === "ns" || field === "namespace") return (row) => row.namespace.toLowerCase().includes(value);
  if (field === "name") return (row) => row.name.toLowerCase().includes(value);
  if (field === "status") return (row) => statusOf(row).toLowerCase().startsWith(value);
  const index = field === "" ? -1 : columns.findIndex(({ name }) => name.toLowerCase().replace(/\s+/g, "-") === field);
  if (index >= 0) return (row) => fixedText(row.cells[index]).toLowerCase().includes(value);
  const word = field === "" ? value : `${field}:${value}`;
  return (row) =>
    row.name.toLowerCase().includes(word) ||
    row.namespace.includes(word) ||
    row.cells.some((cell) => fixedText(cell).toLowerCase().includes(word));
}

/** A condition in words: `status is Running`. */
export function inWordsOf({ field, value, negated }: Condition): { readonly subject: string; readonly value: string } {
  const is = negated ? "is not" : "is";
  if (field === "") return { subject: negated ? "without" : "with", value };
  if (field === "ns") return { subject: `namespace ${is}`, value };
  if (field === "label") return { subject: "label", value };
  if (field === "field") return { subject: "field", value };
  return { subject: `${field} ${is}`, value };
}
