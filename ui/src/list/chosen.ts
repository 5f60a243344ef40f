/** Which columns of which kind a reader switched on or off, kept in this browser. */

export type Chosen = Readonly<Record<string, boolean>>;

const keyOf = (id: string): string => `columns:${id}`;

export function storedColumns(id: string): Chosen {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(keyOf(id)) ?? "{}");
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean"));
  } catch {
    return {};
  }
}

export function storeColumns(id: string, chosen: Chosen): void {
  try {
    if (Object.keys(chosen).length) localStorage.setItem(keyOf(id), JSON.stringify(chosen));
    else localStorage.removeItem(keyOf(id));
  } catch {
    // Storage may be switched off; the choice then holds until the list is left.
  }
}
