/** Extra columns that a filter names. They are read for it, whether they are shown or not. */
import type { Column } from "../../app/types";
import { LONGEST_COLUMN_ID, MOST_EXTRAS } from "../../live/limits";
import type { ResourceRef } from "../../live/protocol";
import { fieldOf, type Condition } from "../filter";
import type { ShownExtra } from "./columns";

type Kind = Pick<ResourceRef, "group" | "plural">;

const OF_ANY = /^(?:owner$|label:.|annotation:.|jsonpath:.)/;
const OF_PODS = /^(?:containers$|last-restart$|requests:.|limits:.|usage:(?:cpu|memory)$)/;

/** Whether objects of a kind have an extra column of this id. The server says more of keys and expressions. */
export const isExtra = (id: string, { group, plural }: Kind): boolean => id.length <= LONGEST_COLUMN_ID && (OF_ANY.test(id) || (group === "" && plural === "pods" && OF_PODS.test(id)));

/** Fields that filters of every list have. */
const FIELDS: ReadonlySet<string> = new Set(["ns", "namespace", "name", "status", "label", "field"]);

/** The ids of extra columns by what stands above them, as filters write that; what every list has and the API server's columns go first. */
export function idsByTitle(shown: readonly Pick<ShownExtra, "name" | "title">[], columns: readonly Column[]): ReadonlyMap<string, string> {
  const own = new Set(columns.map(({ name }) => fieldOf(name)));
  const others = shown.map(({ name, title }) => [fieldOf(title), name] as const).filter(([field]) => !FIELDS.has(field) && !own.has(field));
  return new Map(others);
}

/** The ids of the extra columns that rows are tested for; columns of the API server go first. At most as many as there is room for beside `shown`. */
export function filteredBy(conditions: readonly Condition[], kind: Kind, columns: readonly Column[], shown: readonly string[]): readonly string[] {
  const own = new Set(columns.map(({ name }) => fieldOf(name)));
  const named = new Set(conditions.filter(({ field, value }) => value !== "" && !own.has(field) && isExtra(field, kind)).map(({ field }) => field));
  const others = [...named].filter((id) => !shown.includes(id)).slice(0, Math.max(0, MOST_EXTRAS - shown.length));
  return [...named].filter((id) => shown.includes(id) || others.includes(id));
}
