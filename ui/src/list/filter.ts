/** The filter of a list, as it is typed: `api status:Running -ns:kube-system age>1h label:tier=backend`. See docs/filter.md. */

export type Operator = "" | ":" | "=" | ">" | ">=" | "<" | "<=";

export interface Condition {
  /** As it was typed, to take it away again. */
  readonly source: string;
  readonly negated: boolean;
  /** "" for a word that may be anywhere; `ns`, `name`, `status`, or a column's name in lower case. */
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
const TOKEN = /(-?)(?:([a-z][a-z0-9()._/%-]*)(:|>=|<=|>(?!=)|<(?!=)|=))?(?:"([^"]*)"?|([^ \t\r\n]+))/gi;
const UNFINISHED = /^([a-z][a-z0-9()._/%-]*)(:|>=|<=|>|<|=)$/i;

export function parseFilter(text: string): Filter {
  const conditions: Condition[] = [];
  const labels: string[] = [];
  const fields: string[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [source, minus, named, sign, quoted, bare = ""] = match;
    const unfinished = named === undefined && quoted === undefined ? UNFINISHED.exec(bare) : null;
    const field = (unfinished?.[1] ?? named ?? "").toLowerCase();
    const operator = (unfinished?.[2] ?? sign ?? "") as Operator;
    const value = unfinished ? "" : (quoted ?? bare);
    const condition = { source, negated: minus === "-", field, operator, value };
    if (field === "" && (value === "" || value === "-")) continue;
    conditions.push(condition);
    if (value && isSelector(condition)) (field === "label" ? labels : fields).push(condition.negated ? negatedSelector(value) : value);
  }
  return { conditions, labelSelector: labels.join(","), fieldSelector: fields.join(",") };
}

/** Whether the API server is asked for it, and no row is tested. */
export const isSelector = ({ field, operator }: Condition): boolean => (field === "label" || field === "field") && (operator === ":" || operator === "=");

/** `tier=backend` as `tier!=backend`, and `tier` as `!tier`. What is more than that stays as it is. */
function negatedSelector(selector: string): string {
  if (/^[^=!,\s()]+==?[^=!,\s()]*$/.test(selector)) return selector.replace(/==?/, "!=");
  return /^[^=!,\s()]+$/.test(selector) ? `!${selector}` : selector;
}

/** The filter's text without one of its conditions. */
export function without(text: string, condition: Condition): string {
  return text.replace(condition.source, " ").replace(/\s+/g, " ").trim();
}

/** The filter's text with one condition more, or without it when it is there. */
export function toggled(text: string, source: string): string {
  const there = parseFilter(text).conditions.find((condition) => condition.source.toLowerCase() === source.toLowerCase());
  return there ? without(text, there) : `${text} ${source}`.trim();
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
