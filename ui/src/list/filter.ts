/** The filter of a list, as it is typed: `api status:Running -ns:kube-system age>1h label:tier=backend`. See docs/filter.md. */

export type Operator = "" | ":" | "=" | ">" | ">=" | "<" | "<=";

export interface Condition {
  /** As it was typed. */
  readonly source: string;
  /** The place of its first character in the filter's text, to take it away again. */
  readonly at: number;
  readonly negated: boolean;
  /** "" for a word that may be anywhere; `ns`, `name`, `status`, a column's name in lower case, or an extra column's id. */
  readonly field: string;
  readonly operator: Operator;
  /** As it was typed; "" while it is being typed. */
  readonly value: string;
}

export interface Filter {
  readonly conditions: readonly Condition[];
  /** Go to the API server. */
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

// The server reads it too (`live/filtering/grammar.py`); `tests/vectors/filter.json` holds both to the same reading.
// `label:app=web` is a selector; what no selector can say, that a label contains a text, is `label:app:we`.
const FIELD = /(?:requests|limits|usage|annotation):[a-z0-9][a-z0-9._/-]*|label:[a-z0-9][a-z0-9._/-]*(?=:)|jsonpath:\{[^{} \t\r\n]*\}|[a-z][a-z0-9()._/%-]*/.source;
const TOKEN = new RegExp(`(-?)(?:(${FIELD})(:|>=|<=|>(?!=)|<(?!=)|=))?(?:"([^"]*)"?|([^ \\t\\r\\n]+))`, "gi");
const UNFINISHED = new RegExp(`^(${FIELD})(:|>=|<=|>|<|=)$`, "i");

/** How many conditions rows are tested for; selectors are not counted. */
export const MOST_CONDITIONS = 32;

export function parseFilter(text: string): Filter {
  const conditions: Condition[] = [];
  const labels: string[] = [];
  const fields: string[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [source, minus, named = "", sign = "", quoted, bare = ""] = match;
    const unfinished = quoted === undefined ? UNFINISHED.exec(named + sign + bare) : null;
    const field = lowered(unfinished?.[1] ?? named);
    const operator = (unfinished?.[2] ?? sign) as Operator;
    const value = unfinished ? "" : (quoted ?? bare);
    const condition = { source, at: match.index, negated: minus === "-", field, operator, value };
    if (field === "" && (value === "" || value === "-")) continue;
    conditions.push(condition);
    if (value && isSelector(condition)) (field === "label" ? labels : fields).push(condition.negated ? (opposite(condition) ?? value) : value);
  }
  return { conditions, labelSelector: labels.join(","), fieldSelector: fields.join(",") };
}

/** A field's name in lower case; the argument of an extra column stays as it is. */
function lowered(field: string): string {
  const end = field.indexOf(":");
  return end < 0 ? field.toLowerCase() : field.slice(0, end).toLowerCase() + field.slice(end);
}

const onSelector = ({ field, operator }: Condition): boolean => (field === "label" || field === "field") && (operator === ":" || operator === "=");

/** Whether the API server is asked for it, and no row is tested. */
export const isSelector = (condition: Condition): boolean => onSelector(condition) && (!condition.negated || condition.value === "" || opposite(condition) !== null);

/** Whether it would be a selector, had it an opposite. */
export const hasNoOpposite = (condition: Condition): boolean => onSelector(condition) && !isSelector(condition);

const EQUALITY = /^([^=!<>, \t\r\n()]+)(==?|!=)([^=!<>, \t\r\n()]*)$/;
const SET = /^([^=!<>, \t\r\n()]+)[ \t\r\n]+(not)?in[ \t\r\n]*(\([^()]*\))$/;
const EXISTENCE = /^(!?)([^=!<>, \t\r\n()]+)$/;

/** The selector of all that this one leaves out: `tier!=backend` for `tier=backend`. Null when no selector says that. */
function opposite({ field, value }: Condition): string | null {
  const equality = EQUALITY.exec(value);
  if (equality) return `${equality[1] ?? ""}${equality[2] === "!=" ? "=" : "!="}${equality[3] ?? ""}`;
  if (field === "field") return null;
  const set = SET.exec(value);
  if (set) return `${set[1] ?? ""} ${set[2] ? "in" : "notin"} ${set[3] ?? ""}`;
  const existence = EXISTENCE.exec(value);
  return existence ? `${existence[1] ? "" : "!"}${existence[2] ?? ""}` : null;
}

/** The filter's text with columns under their ids, where it has them under other names: those in `ids`, as `fieldOf` makes them. */
export function withIds(text: string, ids: ReadonlyMap<string, string>): string {
  const written = ({ source, negated, field, operator, value }: Condition): string => {
    const id = operator && ids.get(field);
    return id ? `${negated ? "-" : ""}${id}${operator}${/\s/.test(value) ? `"${value}"` : value}` : source;
  };
  return parseFilter(text).conditions.map(written).join(" ");
}

/** The filter's text without one of its conditions; all others stay as they were typed. */
export function without(text: string, { at, source }: Condition): string {
  return `${text.slice(0, at).trimEnd()} ${text.slice(at + source.length).trimStart()}`.trim();
}

/** The filter's text with its last quote closed, so that what is put behind it is no part of what is quoted. */
export function closed(text: string): string {
  const last = [...text.matchAll(TOKEN)].at(-1);
  const quoted = last?.[4];
  return quoted === undefined || last?.[0].endsWith(`"${quoted}"`) ? text : `${text}"`;
}

/** As many of the filter's first conditions as `most` characters have room for. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = parseFilter(text).conditions.findLast(({ at, source }) => at + source.length <= most);
  return last ? text.slice(0, last.at + last.source.length) : "";
}

/** The filter's text with one condition more, or without it when it is there. */
export function toggled(text: string, source: string): string {
  const there = parseFilter(text).conditions.find((condition) => condition.source.toLowerCase() === source.toLowerCase());
  return there ? without(text, there) : `${closed(text)} ${source}`.trim();
}

/** A condition on a field, quoted where it needs to be. */
export const conditionOn = (field: string, value: string): string => `${field}:${/\s/.test(value) ? `"${value}"` : value}`;

/** A column's name as filters write it. */
export const fieldOf = (name: string): string => name.toLowerCase().trim().replace(/\s+/g, "-");

/** Whether `after` can only let through rows that `before` does: it has the same conditions, or longer words, or more. */
export function narrows(before: readonly Condition[], after: readonly Condition[]): boolean {
  return before.every((condition, at) => {
    const next = after[at];
    if (next === undefined || next.field !== condition.field || next.operator !== condition.operator || next.negated !== condition.negated) return false;
    if (next.value === condition.value) return true;
    return condition.field === "" && !condition.negated && next.value.toLowerCase().includes(condition.value.toLowerCase());
  });
}

const COMPARED: Readonly<Record<Operator, string>> = { "": "", ":": "", "=": " exactly", ">": " more than", ">=": " at least", "<": " less than", "<=": " at most" };

/** A condition in words: `status is Running`, `age is more than 1h`. */
export function inWordsOf(condition: Condition): { readonly subject: string; readonly value: string } {
  const { field, operator, value, negated } = condition;
  if (field === "") return { subject: negated ? "without" : "with", value };
  if (isSelector(condition)) return { subject: negated ? `without ${field}` : field, value };
  return { subject: `${field === "ns" ? "namespace" : field} is${negated ? " not" : ""}${COMPARED[operator]}`, value };
}
