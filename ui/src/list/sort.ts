/** Sorting by what cells mean: numbers in names, quantities, ages, ready fractions. */
import type { Cell } from "../app/types";

export type SortKey = number | string;

const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const QUANTITY = /^(-?\d+(?:\.\d+)?)(n|u|m|k|K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const FRACTION = /^(\d+)\/(\d+)$/;
const AGE = /^(?:\d+[ydhms])+$/;
const UNIT: Readonly<Record<string, number>> = { y: 31_536_000, d: 86_400, h: 3600, m: 60, s: 1 };

/**
 * What a cell sorts by. Numbers before texts; ages so that the youngest comes first, as with kubectl's numbers of
 * seconds; a fraction by its share and then by its total, so that what is not ready comes first. `duration` says how to
 * read `90m`, which is 90 minutes or 90 thousandths.
 */
export function sortKey(cell: Cell | undefined, duration = false): SortKey {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return cell;
  if (typeof cell === "boolean") return cell ? 1 : 0;
  if (typeof cell === "object") return "text" in cell ? sortKey(cell.text, duration) : -cell.at;
  return textKey(cell, duration);
}

/** Whether a column's texts are durations, by its name: the API server sends them as plain strings. */
export const isDuration = (column: string): boolean => /\b(age|duration|seen|schedule|uptime|elapsed)\b/i.test(column);

function textKey(text: string, duration: boolean): SortKey {
  const fraction = FRACTION.exec(text);
  if (fraction) {
    const [done, total] = [Number(fraction[1]), Number(fraction[2])];
    return (total === 0 ? 1 : done / total) + total * 1e-6;
  }
  const quantity = duration && AGE.test(text) ? null : QUANTITY.exec(text);
  if (quantity) return Number(quantity[1]) * (SUFFIX[quantity[2] ?? ""] ?? 1);
  if (AGE.test(text)) {
    let seconds = 0;
    for (const [, value, unit] of text.matchAll(/(\d+)([ydhms])/g)) seconds += Number(value) * (UNIT[unit ?? "s"] ?? 1);
    return seconds;
  }
  if (/^-?\d+(?:\.\d+)?%$/.test(text)) return Number(text.slice(0, -1));
  return naturalKey(text);
}

/** A text whose numbers compare as numbers: `web-10` after `web-9`. Plain comparison of keys is enough, which is fast. */
export function naturalKey(text: string): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => {
    const significant = digits.replace(/^0+(?=\d)/, "");
    return String.fromCharCode(47 + Math.min(significant.length, 60)) + significant;
  });
}

export function compareKeys(a: SortKey, b: SortKey): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

/** Put `added` (sorted) into `list` (sorted). Both stay as they are. */
export function merge<T>(list: readonly T[], added: readonly T[], compare: (a: T, b: T) => number): T[] {
  if (added.length === 0) return list.slice();
  const result: T[] = [];
  let at = 0;
  for (const item of added) {
    // Binary search for the place, then a straight copy up to it.
    let low = at;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(list[middle] as T, item) <= 0) low = middle + 1;
      else high = middle;
    }
    for (; at < low; at++) result.push(list[at] as T);
    result.push(item);
  }
  for (; at < list.length; at++) result.push(list[at] as T);
  return result;
}
