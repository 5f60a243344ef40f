/** Values of config maps and secrets as text. */

import type { DataEntry } from "../../kinds/kind";
import { base64Size } from "../../kinds/words";

export function byteLength({ value, encoding }: DataEntry): number {
  return encoding === "base64" ? base64Size(value) : new TextEncoder().encode(value).length;
}

/** The text of a value; null when its bytes are not text. */
export function decoded({ value, encoding }: DataEntry): string | null {
  if (encoding === "text") return value;
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
