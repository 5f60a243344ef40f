/** Extra columns that a filter names. They are read for it, whether they are shown or not. */
import type { Column } from "../../app/types";
import type { ResourceRef } from "../../live/protocol";
import { fieldOf, type Condition } from "../filter";
import { MOST_EXTRAS } from "./catalogue";
import type { ShownExtra } from "./columns";

type Kind = Pick<ResourceRef, "group" | "plural">;

const OF_ANY = /^(?:owner$|label:.|annotation:.|jsonpath:.)/;
const OF_PODS = /^(?:containers$|last-restart$|requests:.|limits:.|usage:(?:cpu|memory)$)/;

/** Whether objects of a kind have an extra column of this id. The server says more of keys and expressions. */
export const isExtra = (id: string, { group, plural }: Kind): boolean => OF_ANY.test(id) || (group === "" && plural === "pods" && OF_PODS.test(id));

/** The ids of extra columns by what stands above them, as filters write that. */
export const idsByTitle = (shown: readonly Pick<ShownExtra, "name" | "title">[]): ReadonlyMap<string, string> => new Map(shown.map(({ name, title }) => [fieldOf(title), name]));

/** The ids of the extra columns that rows are tested for; columns of the API server go first. At most as many as there is room for beside `shown`. */
export function filteredBy(conditions: readonly Condition[], kind: Kind, columns: readonly Column[], shown: readonly string[]): readonly string[] {
  const own = new Set(columns.map(({ name }) => fieldOf(name)));
  const named = new Set(conditions.filter(({ field, value }) => value !== "" && !own.has(field) && isExtra(field, kind)).map(({ field }) => field));
  const others = [...named].filter((id) => !shown.includes(id)).slice(0, Math.max(0, MOST_EXTRAS - shown.length));
  return [...named].filter((id) => shown.includes(id) || others.includes(id));
}
