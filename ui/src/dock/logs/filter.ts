/** What of a log is shown, and what in it is marked. */

import { ansiSpans, type Span } from "./ansi";
import type { Level } from "./level";
import type { LogLine } from "./line";

/** A text to look for, or a pattern between slashes: `checkout`, `/pay(ment)?/`. */
export interface Needle {
  /** Null: nothing is looked for. */
  readonly pattern: RegExp | null;
  /** Why the pattern can't be used; "" when it can. */
  readonly mistake: string;
}

export function needleOf(typed: string): Needle {
  if (typed === "") return { pattern: null, mistake: "" };
  const expression = /^\/(.+)\/([i]?)$/.exec(typed);
  if (expression === null) return { pattern: new RegExp(typed.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi"), mistake: "" };
  try {
    return { pattern: new RegExp(expression[1] ?? "", "gi"), mistake: "" };
  } catch (error) {
    return { pattern: null, mistake: error instanceof Error ? error.message : "This pattern can’t be read." };
  }
}

export function passes(line: LogLine, needle: Needle, levels: ReadonlySet<Level>): boolean {
  if (levels.size > 0 && !levels.has(line.level)) return false;
  if (needle.pattern === null) return true;
  needle.pattern.lastIndex = 0;
  return needle.pattern.test(line.text);
}

export interface Piece extends Span {
  readonly hit: boolean;
}

/** A line in pieces to draw: styled as its escape sequences say, what was looked for marked. */
export function pieces(line: Pick<LogLine, "raw" | "text">, needle: Needle): Piece[] {
  const spans: readonly Span[] = line.raw === line.text ? [{ text: line.text, style: "" }] : ansiSpans(line.raw);
  if (needle.pattern === null) return spans.map((span) => ({ ...span, hit: false }));
  const edges: number[] = [];
  needle.pattern.lastIndex = 0;
  for (const match of line.text.matchAll(needle.pattern)) {
    // An empty match marks nothing.
    if (match[0] !== "") edges.push(match.index, match.index + match[0].length);
  }
  return cut(spans, edges);
}

/** Cuts spans at the edges of the hits: even edges begin one, odd ones end it. */
function cut(spans: readonly Span[], edges: readonly number[]): Piece[] {
  const result: Piece[] = [];
  let offset = 0;
  let next = 0;
  for (const { text, style } of spans) {
    let from = 0;
    while (from < text.length) {
      while (next < edges.length && (edges[next] ?? 0) <= offset + from) next += 1;
      const to = Math.min(text.length, (edges[next] ?? Number.POSITIVE_INFINITY) - offset);
      result.push({ text: text.slice(from, to), style, hit: next % 2 === 1 });
      from = to;
    }
    offset += text.length;
  }
  return result;
}
