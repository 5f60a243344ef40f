/** Sorting by what cells mean: numbers in names, quantities, ages, ready fractions. */
import type { Cell } from "../app/types";

export type SortKey = number | string;

const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const QUANTITY = /^(-?\d+(?:\.\d+)?)(n|u|m|k|K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
// What has more digits is read as text: a double can't hold it, and twice Infinity has no share.
const FRACTION = /^(\d{1,15})\/(\d{1,15})$/;
const AGE = /^(?:\d{1,15}[ydhms])+$/;
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

/** The size of a Kubernetes quantity or a plain number; null for anything else. */
export function quantityOf(text: string): number | null {
  const match = QUANTITY.exec(text);
  return match ? Number(match[1]) * (SUFFIX[match[2] ?? ""] ?? 1) : null;
}

/** The seconds in a duration as kubectl prints them (`1h30m`); null for anything else. */
export function durationOf(text: string): number | null {
  if (!AGE.test(text)) return null;
  let seconds = 0;
  for (const [, value, unit] of text.matchAll(/(\d+)([ydhms])/g)) seconds += Number(value) * (UNIT[unit ?? "s"] ?? 1);
  return seconds;
}

/** The share and the total of `2/3`; nothing of nothing is all of it. Null for anything else. */
export function fractionOf(text: string): { readonly share: number; readonly total: number } | null {
  const match = FRACTION.exec(text);
  if (!match) return null;
  const [done, total] = [Number(match[1]), Number(match[2])];
  return { share: total === 0 ? 1 : done / total, total };
}

/** The number before a percent sign; null for anything else. */
export const percentOf = (text: string): number | null => (/^-?\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : null);

function textKey(text: string, duration: boolean): SortKey {
  // Most texts are words, and regular expressions are what costs.
  const first = text.charCodeAt(0);
  if (!(first === 45 || (first >= 48 && first <= 57))) return naturalKey(text);
  const fraction = fractionOf(text);
  if (fraction) return fraction.share + fraction.total * 1e-6;
  const seconds = durationOf(text);
  return (duration ? seconds : null) ?? quantityOf(text) ?? seconds ?? percentOf(text) ?? naturalKey(text);
}

/** A text whose numbers compare as numbers: `web-10` after `web-9`. Plain comparison of keys is enough, which is fast. */
export function naturalKey(text: string): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => {
    const significant = digits.replace(/^0+(?=\d)/, "");
    return String.fromCharCode(47 + Math.min(significant.length, 60)) + significant;
  });
}

/** What decides between rows that sort alike: different for different rows, and natural in both parts. */
export function tieKey(namespace: string, name: string): string {
  const text = `${namespace}\u0000${name}`;
  const key = naturalKey(text);
  // A leading zero or a capital is lost in the natural key: `a01` and `a1` would be the same.
  const lossless = text === text.toLowerCase() && key.length === text.length + (text.match(/\d+/g)?.length ?? 0);
  return lossless ? key : `${key}\u0000${text}`;
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
