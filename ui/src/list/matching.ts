/** Rows against the conditions of a filter; ages against the server's clock. The server does the same (`live/filtering/matching.py`). */
import type { Cell, Column } from "../app/types";
import type { Row } from "../live/rows.svelte";
import { fixedText } from "./cells";
import { fieldOf, hasNoOpposite, isSelector, MOST_CONDITIONS, type Condition } from "./filter";
import { durationOf, fractionOf, isDuration, percentOf, quantityOf } from "./sort";
import type { RowStatus } from "./status";

/** What a column beside the API server's own says of a row, by the column's id; null when there is no such column. */
export type FindColumn = (field: string) => ((row: Row) => Cell) | null;

/** What a filter looks at of a row. `text` is all that it says, in lower case, parts kept apart by NUL. */
export interface Candidate {
  readonly row: Row;
  readonly status: RowStatus | null;
  readonly text: string;
}

/** `now` is in seconds since the epoch. */
export type Test = (candidate: Candidate, now: number) => boolean;

export interface Matcher {
  readonly matches: Test;
  /** What of the filter was not understood, and is looked for as words; "" when all was. */
  readonly problem: string;
  /** Rows may come and go as time goes by. */
  readonly timed: boolean;
}

/** What a word is looked for in. */
export function textOf({ namespace, name, cells }: Row): string {
  let text = `${namespace}\u0000${name}`;
  for (const cell of cells) text += `\u0000${fixedText(cell)}`;
  return text.toLowerCase();
}

export function matcherOf(conditions: readonly Condition[], columns: readonly Column[], find: FindColumn = () => null): Matcher {
  const problems: string[] = [];
  let timed = false;
  const tests: Test[] = [];

  const asWord = ({ field, operator, value }: Condition, why: string): Test => {
    const word = `${field}${operator}${value}`;
    problems.push(`${why}: “${word}” is looked for as it stands.`);
    return contains(word);
  };
  const cellTest = (condition: Condition, read: (row: Row) => Cell | undefined, duration: boolean): Test => {
    const { operator, value } = condition;
    const sought = value.toLowerCase();
    if (operator === ":") return ({ row }) => fixedText(read(row)).toLowerCase().includes(sought);
    const wanted = operandOf(value);
    if (operator === "=") return ({ row }, now) => fixedText(read(row)).toLowerCase() === sought || holds(COMPARE["="], read(row), wanted, duration, now);
    if (wanted.size === null && wanted.seconds === null) return asWord(condition, `“${value}” is no number, quantity or duration`);
    timed ||= wanted.seconds !== null;
    const compare = COMPARE[operator as keyof typeof COMPARE];
    return ({ row }, now) => holds(compare, read(row), wanted, duration, now);
  };
  const testOf = (condition: Condition): Test => {
    const { field, operator, value } = condition;
    if (field === "") return contains(value);
    if (field === "ns" || field === "namespace" || field === "name" || field === "status") {
      if (operator !== ":" && operator !== "=") return asWord(condition, `“${field}” can't be compared`);
      return own(field, value.toLowerCase(), operator === "=");
    }
    const index = columns.findIndex(({ name }) => fieldOf(name) === field);
    if (index >= 0) return cellTest(condition, (row) => row.cells[index], isDuration(columns[index]?.name ?? ""));
    const extra = find(field);
    if (extra) return cellTest(condition, extra, false);
    // Before the columns are known nothing can be said of them.
    if (columns.length && hasNoOpposite(condition)) return asWord(condition, "No selector says the opposite of this one");
    return columns.length ? asWord(condition, `There is no column “${field}”`) : contains(`${field}${operator}${value}`);
  };

  const looked = conditions.filter((condition) => !isSelector(condition));
  if (looked.length > MOST_CONDITIONS) problems.push(`Only the first ${MOST_CONDITIONS} conditions are looked at.`);
  for (const condition of looked.slice(0, MOST_CONDITIONS)) {
    if (condition.field !== "" && condition.value === "") continue;
    const test = testOf(condition);
    tests.push(condition.negated ? (candidate, now) => !test(candidate, now) : test);
  }
  return { matches: all(tests), problem: problems.join(" "), timed };
}

function all(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only && tests.length === 1) return only;
  return (candidate, now) => {
    for (const test of tests) if (!test(candidate, now)) return false;
    return true;
  };
}

function contains(word: string): Test {
  const sought = word.toLowerCase();
  return ({ text }) => text.includes(sought);
}

function own(field: string, sought: string, exact: boolean): Test {
  if (field === "status") return exact ? ({ status }) => status?.word.toLowerCase() === sought : ({ status }) => status?.word.toLowerCase().startsWith(sought) ?? false;
  const read = field === "name" ? ({ name }: Row): string => name : ({ namespace }: Row): string => namespace;
  return exact ? ({ row }) => read(row).toLowerCase() === sought : ({ row }) => read(row).toLowerCase().includes(sought);
}

/** The value of a comparison: as a size, and in seconds; null where it is no such thing. */
interface Operand {
  readonly size: number | null;
  readonly seconds: number | null;
}

/** A number is a duration too, of so many seconds, since that is what ages are in. */
function operandOf(value: string): Operand {
  const size = sizeOf(value);
  return { size, seconds: durationOf(value) ?? (/^\d+(?:\.\d+)?$/.test(value) ? size : null) };
}

/** The share of a fraction, the size of a quantity, or the number of a percentage. */
const sizeOf = (text: string): number | null => fractionOf(text)?.share ?? quantityOf(text) ?? percentOf(text);

type Compare = (a: number, b: number) => boolean;
const COMPARE = {
  "=": (a, b) => a === b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
} as const satisfies Readonly<Record<string, Compare>>;

function holds(compare: Compare, cell: Cell | undefined, wanted: Operand, duration: boolean, now: number): boolean {
  if (cell === null || cell === undefined || typeof cell === "boolean") return false;
  if (typeof cell === "object" && !("text" in cell)) return wanted.seconds !== null && compare(now - cell.at, wanted.seconds);
  const value = typeof cell === "object" ? cell.text : cell;
  if (typeof value === "string") {
    const seconds = durationOf(value);
    const size = sizeOf(value);
    if (seconds !== null && (duration || size === null)) return wanted.seconds !== null && compare(seconds, wanted.seconds);
    return size !== null && wanted.size !== null && compare(size, wanted.size);
  }
  return wanted.size !== null && compare(value, wanted.size);
}
