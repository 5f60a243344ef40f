/** What a list says of itself. */
import { grouped, timeOfDay } from "../app/age";
import type { Resource } from "../app/types";
import type { Subscription } from "../live/rows.svelte";
import { inWordsOf, type Condition } from "./filter";

/** How many rows match, of how many. */
export const headingOf = (matching: number, count: number, filtered: boolean): string => (filtered && matching !== count ? `${grouped(matching)} of ${grouped(count)}` : grouped(count));

/** How many rows are here, and how they were read or of when they are. */
export function summaryOf({ synced, asOf, took }: Pick<Subscription, "synced" | "asOf" | "took">, count: number, matching: number, stale: boolean): string {
  if (!synced) return count > 0 ? `${grouped(count)} rows so far` : "";
  const shown = `${grouped(matching)} ${matching === 1 ? "row" : "rows"}`;
  return stale ? `${shown} as of ${timeOfDay(asOf)}` : `${shown}, read in ${took < 0.01 ? "0.01" : took.toFixed(2)} s`;
}

/** Where is looked, after "in". */
export function scopeOf({ namespaced }: Pick<Resource, "namespaced">, namespaces: readonly string[]): string {
  if (!namespaced) return "the cluster";
  if (namespaces.length > 1) return `these ${namespaces.length} namespaces`;
  return namespaces.length ? `namespace ${namespaces[0] ?? ""}` : "any namespace";
}

export const conditionsInWords = (conditions: readonly Condition[]): string => conditions.map((condition) => `${inWordsOf(condition).subject} ${inWordsOf(condition).value}`).join(" and ");
