/** Which extra columns a reader added to the list of which kind, kept in this browser. */
import { LONGEST_COLUMN_ID, MOST_EXTRAS } from "../../live/limits";

const keyOf = (kind: string): string => `extra-columns:${kind}`;

export function storedExtras(kind: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(keyOf(kind)) ?? "[]");
    return Array.isArray(value) ? value.filter((id): id is string => typeof id === "string" && id !== "" && id.length <= LONGEST_COLUMN_ID).slice(0, MOST_EXTRAS) : [];
  } catch {
    return [];
  }
}

export function storeExtras(kind: string, ids: readonly string[]): void {
  try {
    if (ids.length) localStorage.setItem(keyOf(kind), JSON.stringify(ids));
    else localStorage.removeItem(keyOf(kind));
  } catch {
    // Storage may be switched off; the choice then holds until the list is left.
  }
}
