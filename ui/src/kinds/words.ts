/** Small words that several kinds use. */

import { grouped } from "../app/age";
import type { Inline, ObjectLink, Phrase } from "./kind";

/** `1 pod`, `3 pods`; irregular plurals are given. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** A link whose text is the name. */
export function to(resource: string, namespace: string, name: string): Inline {
  return { link: { resource, namespace, name } satisfies ObjectLink, text: name, code: true };
}

/** Joins phrases with a separator between them. */
export function joined(phrases: readonly Phrase[], separator = ", "): Phrase {
  return phrases.flatMap((phrase, index) => (index === 0 ? phrase : [separator, ...phrase]));
}

/** Ends a sentence, unless it has an end already. */
export function stop(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** A text of somebody else's as a sentence of its own. */
export function sentence(text: string): string {
  return stop(/^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);
}

/** A size of data: `0 B`, `812 B`, `1.2 KiB`, `3.4 MiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let amount = bytes / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount).toString()} ${units[unit] ?? ""}`;
}

/** How many bytes a base64 text stands for. */
export function base64Size(encoded: string): number {
  const padding = encoded.endsWith("==") ? 2 : encoded.endsWith("=") ? 1 : 0;
  return Math.max(0, Math.floor((encoded.length * 3) / 4) - padding);
}
