/** What a cell says, as text. */
import { humanDuration } from "../app/age";
import type { Cell, Column } from "../app/types";

/** A cell as kubectl would print it at `now` (seconds since the epoch). */
export function cellText(cell: Cell | undefined, now: number): string {
  if (cell === null || cell === undefined) return "<none>";
  if (typeof cell === "object") {
    const age = humanDuration(now - cell.at);
    return "text" in cell ? `${cell.text} (${age} ago)` : age;
  }
  return String(cell);
}

/** The part of a cell that doesn't tick: what a filter looks through. */
export function fixedText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "object") return "text" in cell ? cell.text : "";
  return String(cell);
}

/** Whether a column reads as numbers and is set flush right. */
export function isNumeric(column: Column): boolean {
  return column.type === "integer" || column.type === "number" || column.name === "Age" || column.name === "Last Seen";
}

/** Names, images, addresses: what is compared letter by letter is set in mono. */
export function isMono(column: Column): boolean {
  return /^(name|node|ip|images?|containers|selector|cluster-ip|external-ip|ports?(\(s\))?|volume|nominated node|object|internal-ip|kernel-version|container-runtime|address)$/i.test(column.name);
}

/** A name whose head may give way and whose tail, the hash that tells pods apart, may not. */
export function splitName(name: string): readonly [head: string, tail: string] {
  const at = name.lastIndexOf("-");
  const tail = name.length - at - 1;
  return at > 0 && tail > 0 && tail <= 12 ? [name.slice(0, at + 1), name.slice(at + 1)] : [name, ""];
}
