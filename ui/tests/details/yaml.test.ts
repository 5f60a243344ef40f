import { StringStream } from "@codemirror/language";
import { Text } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { foldBelow, parser } from "../../src/details/yaml/language";
import { yamlOf } from "../../src/details/yaml/text";

const shut = { managedFields: false, secretValues: false };

/** The pieces of a text that have a colour, each with its name. */
function coloured(text: string): string[] {
  const state = parser.startState?.(2) as Parameters<typeof parser.token>[1];
  return text.split("\n").flatMap((line) => {
    const stream = new StringStream(line, 2, 2);
    const pieces: string[] = [];
    while (!stream.eol()) {
      stream.start = stream.pos;
      const name = parser.token(stream, state);
      expect(stream.pos).toBeGreaterThan(stream.start);
      if (name && name !== "punctuation") pieces.push(`${name} ${stream.current()}`);
    }
    return pieces;
  });
}

function folded(text: string, line: number): string | null {
  const doc = Text.of(text.split("\n"));
  const range = foldBelow(doc, doc.line(line).from);
  return range && doc.sliceString(range.from, range.to);
}

describe("Colours of YAML", () => {
  test("keys, texts, numbers and constants are told apart", () => {
    expect(coloured('a: text\n"b c": 1.5\nd.e/f: true\ng: "8"\nh: null\ni: 10Mi')).toEqual([
      "propertyName a",
      "string text",
      'propertyName "b c"',
      "number 1.5",
      "propertyName d.e/f",
      "number true",
      "propertyName g",
      'string "8"',
      "propertyName h",
      "number null",
      "propertyName i",
      "string 10Mi",
    ]);
  });

  // Where the time grows faster than the line these go on for minutes.
  test.each([
    ["digits and a letter", `${"1".repeat(1_000_000)}x`],
    ["words far apart", `a${" ".repeat(1_000_000)}b`],
    ["an item's words far apart", `-a${" ".repeat(1_000_000)}b`],
  ])("a long line of %s is one text", (_, line) => {
    // Compared by hand: a million characters are no message of a test.
    expect([line, `- ${line}`, `k: ${line}`].map((each) => coloured(each).at(-1) === `string ${line}`)).toEqual([true, true, true]);
  });

  test("a text ends before the spaces that a comment follows", () => {
    expect(coloured("a: b  c   # d")).toEqual(["propertyName a", "string b  c", "comment # d"]);
  });

  test("a colon or a hash within a text begins nothing", () => {
    expect(coloured("image: registry:5000/web:1#2\nat: 12:30:45 # noon")).toEqual(["propertyName image", "string registry:5000/web:1#2", "propertyName at", "string 12:30:45", "comment # noon"]);
  });

  test("a block of text is text for as long as it is deeper than its key, and no longer", () => {
    expect(coloured("- script: |-\n    if: x\n\n    # no comment\n  next: 1")).toEqual(["propertyName script", "string     if: x", "string     # no comment", "propertyName next", "number 1"]);
    expect(coloured("args:\n  - |\n    a: b\n  - c")).toEqual(["propertyName args", "string     a: b", "string c"]);
  });

  test("empty lists and maps, and a dash that begins a text", () => {
    expect(coloured("a: []\nb: {}\nc:\n  - -c\n  - --flag=x")).toEqual(["propertyName a", "propertyName b", "propertyName c", "string -c", "string --flag=x"]);
  });
});

describe("Folds of YAML", () => {
  const text = "a:\n  b: 1\n\n  c:\n    - d\n\ne: 2\n";

  test("what is deeper than a line is folded, without the blank lines after it", () => {
    expect(folded(text, 1)).toBe("\n  b: 1\n\n  c:\n    - d");
    expect(folded(text, 4)).toBe("\n    - d");
  });

  test("a line with nothing below it does not fold", () => {
    expect(folded(text, 2)).toBeNull();
    expect(folded(text, 3)).toBeNull();
    expect(folded(text, 7)).toBeNull();
  });
});

test("what reads like something else in YAML 1.1, which the cluster reads, is in quotes", () => {
  const labels = { a: "yes", b: "on", c: "012", d: "1_000", e: "12:30:45", f: "2001-01-01", g: "null", h: "n" };
  const text = yamlOf({ apiVersion: "v1", kind: "X", metadata: { labels } }, shut);
  for (const [key, value] of Object.entries(labels)) expect(text).toMatch(new RegExp(`^    "?${key}"?: "${value}"$`, "m"));
});
