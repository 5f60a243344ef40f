/** YAML for CodeMirror, as far as its colours and folds need it: the forms that `text.ts` writes, and comments. */

import { foldService, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { EditorState, Extension, Text } from "@codemirror/state";

interface State {
  /** Column of the last key or dash: what a block of text has to be deeper than. */
  column: number;
  /** That column, within such a block; else -1. */
  block: number;
  /** After a key's colon or a dash, or within brackets: what comes is a value or a key. */
  value: boolean;
}

// A line may be as long as an annotation: each of these takes a time that grows with the line, and no faster. So no two
// parts of a pattern that stand beside each other match the same characters, and runs of spaces are passed in one go.
const QUOTED = /^(?:"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)/;
const QUOTED_KEY = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=\s*:(?:\s|$))/;
const KEY = /^(?:[^\s"'#[\]{},&*!|>%@`-]|-[^\s#])(?:\s*[^\s#])*?(?=\s*:(?:\s|$))/;
const CONSTANT = /^(?:true|false|null|~|[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?=\s*(?:$|\s#))/;
const PLAIN = /^\S+(?:\s+(?=[^\s#])\S+)*/;

/** Names of the tags of `@lezer/highlight`. */
export const parser: StreamParser<State> = {
  name: "yaml",
  startState: () => ({ column: -1, block: -1, value: false }),
  token(stream, state) {
    if (stream.sol()) {
      state.value = false;
      if (stream.indentation() <= state.block) state.block = -1;
    }
    if (state.block >= 0) {
      stream.skipToEnd();
      return "string";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    if (!state.value) {
      const column = stream.column();
      if (stream.match(/^-(?=\s|$)/)) {
        state.column = column;
        return "punctuation";
      }
      if (stream.match(QUOTED_KEY) || stream.match(KEY)) {
        state.column = column;
        return "propertyName";
      }
      if (stream.match(/^:(?=\s|$)/)) {
        state.value = true;
        return "punctuation";
      }
    }
    if (stream.match(/^[|>][-+\d]*(?=\s*(?:#|$))/)) {
      state.block = state.column;
      return "punctuation";
    }
    if (stream.match(/^(?:\[\]|\{\})/)) return "punctuation";
    if (stream.match(CONSTANT)) return "number";
    if (stream.match(QUOTED) || stream.match(PLAIN)) return "string";
    stream.next();
    return null;
  },
};

/** From the end of a line to the end of what stands deeper below it, without blank lines after that. */
export function foldBelow(doc: Text, from: number): { from: number; to: number } | null {
  const head = doc.lineAt(from);
  const depth = depthOf(head.text);
  if (depth === null) return null;
  let to = -1;
  for (let at = head.number + 1; at <= doc.lines; at++) {
    const line = doc.line(at);
    const own = depthOf(line.text);
    if (own !== null && own <= depth) break;
    if (own !== null) to = line.to;
  }
  return to < 0 ? null : { from: head.to, to };
}

/** Columns before a line's text; null for a line without any. */
function depthOf(text: string): number | null {
  const at = text.search(/\S/);
  return at < 0 ? null : at;
}

export const yaml: Extension = [StreamLanguage.define(parser), foldService.of((state: EditorState, from: number) => foldBelow(state.doc, from))];
