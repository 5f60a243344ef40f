import { describe, expect, test } from "vitest";
import { ansiSpans, stripAnsi } from "../../src/dock/logs/ansi";
import { LogBuffer } from "../../src/dock/logs/buffer";
import { needleOf, passes, pieces } from "../../src/dock/logs/filter";
import { lineAt, offsets, rowsOf } from "../../src/dock/logs/layout";
import { LogLens } from "../../src/dock/logs/lens";
import { levelOf, type Level } from "../../src/dock/logs/level";
import { frameBytes, LineSplitter, LONGEST, parseLine, type LogLine } from "../../src/dock/logs/line";
import { ResumePoint } from "../../src/dock/logs/resume";

const ALL: ReadonlySet<Level> = new Set();
const at = (second: number, text = "x", container = "api"): LogLine => parseLine(`2026-11-24T13:00:${String(second).padStart(2, "0")}.5Z ${text}`, container);

describe("lines", () => {
  test("have their timestamp taken off and kept to the nanosecond", () => {
    const line = parseLine("2026-11-24T13:00:00.123456789Z hello  world", "api");
    expect(line).toMatchObject({ stamp: "2026-11-24T13:00:00.123456789Z", text: "hello  world", container: "api" });
    expect(line.at).toBeCloseTo(Date.parse("2026-11-24T13:00:00Z") + 123.456789, 3);
  });

  test("may have an offset, no fraction, no text, or no timestamp", () => {
    expect(parseLine("2026-11-24T14:00:00+01:00 a", "").at).toBe(Date.parse("2026-11-24T13:00:00Z") + 0);
    expect(parseLine("2026-11-24T14:00:00Z ", "").text).toBe("");
    expect(parseLine("no time here", "")).toMatchObject({ stamp: "", text: "no time here" });
  });

  test("that are very long are cut, and say by how much", () => {
    expect(parseLine("y".repeat(LONGEST + 5), "").text.endsWith("… (5 more characters)")).toBe(true);
  });

  test("are put together from any pieces, characters cut in half included", () => {
    const bytes = new TextEncoder().encode("grüß\nnächste\nrest");
    const splitter = new LineSplitter();
    const lines = [...bytes].flatMap((byte) => splitter.push(Uint8Array.of(byte)));
    expect([...lines, ...splitter.flush()]).toEqual(["grüß", "nächste", "rest"]);
  });

  test("come in frames of base64", () => {
    expect(new TextDecoder().decode(frameBytes(btoa("a\nb\n")))).toBe("a\nb\n");
  });
});

describe("D10: escape sequences in logs", () => {
  test.each([
    ["a title", "\u001b]0;evil\u0007ok", "ok"],
    ["a title with the other end", "\u001b]2;evil\u001b\\ok", "ok"],
    ["the clipboard", "a\u001b]52;c;aGk=\u0007b", "ab"],
    ["a hyperlink", "\u001b]8;;http://evil\u0007text\u001b]8;;\u0007", "text"],
    ["a hyperlink that is never ended", "a\u001b]8;;http://evil", "a"],
    ["a device control string", "a\u001bP$q q\u001b\\b", "ab"],
    ["moving the cursor and erasing", "a\u001b[2J\u001b[1;1Hb\u001b[Kc", "abc"],
    ["8-bit sequences", "a\u009b31mb\u009d0;t\u009cc", "abc"],
    ["a lone escape", "a\u001b", "a"],
  ])("%s has no effect", (_, raw, text) => {
    expect(stripAnsi(raw)).toBe(text);
    expect(ansiSpans(raw).map((span) => span.text).join("")).toBe(text);
  });

  test("characters that do not print, or turn the direction, are made visible", () => {
    expect(stripAnsi("a\bb\u0000c\u202ed")).toBe("a\u2408b\u2400c\ufffdd");
    expect(stripAnsi("tab\tstays")).toBe("tab\tstays");
  });

  test("colours and weight are shown", () => {
    expect(ansiSpans("\u001b[1;31mbad\u001b[0m fine \u001b[38;5;46mgreen\u001b[39m\u001b[38;2;255;200;0mgold")).toEqual([
      { text: "bad", style: "bold red" },
      { text: " fine ", style: "" },
      { text: "green", style: "green" },
      { text: "gold", style: "yellow" },
    ]);
  });

  test("markup in a line stays text", () => {
    expect(pieces(parseLine("<img src=x onerror=alert(1)>", ""), needleOf(""))).toEqual([{ text: "<img src=x onerror=alert(1)>", style: "", hit: false }]);
  });
});

describe("levels", () => {
  test.each<[string, Level]>([
    ['{"level":"error","msg":"no"}', "error"],
    ["level=warn msg=slow", "warn"],
    ["ts=2026 lvl=INFO x", "info"],
    ["E1124 13:00:00.000000 1 main.go:1] boom", "error"],
    ["[WARN] disk", "warn"],
    ["2026-11-24 13:00:00,123 ERROR something", "error"],
    ["INFO: Started", "info"],
    ["panic: runtime error", "error"],
    ["Traceback (most recent call last):", "error"],
    ["debug: x", "debug"],
    ["GET /errors/info 200", ""],
    ["there was no error at all", ""],
    ["", ""],
  ])("%s", (text, level) => {
    expect(levelOf(text)).toBe(level);
  });
});

describe("going on after a broken stream", () => {
  const feed = (point: ResumePoint, stamps: string[]): boolean[] => stamps.map((stamp) => point.accept(stamp));

  test("what comes again is left out, what is new is kept, also within one nanosecond", () => {
    const point = new ResumePoint();
    point.resume();
    feed(point, ["2026-11-24T13:00:00.1Z", "2026-11-24T13:00:01.5Z", "2026-11-24T13:00:01.5Z"]);
    expect(point.stamp).toBe("2026-11-24T13:00:01.5Z");
    point.resume();
    // The API server goes on from the whole second; the third line of 01.5 had not been received.
    expect(feed(point, ["2026-11-24T13:00:01.2Z", "2026-11-24T13:00:01.5Z", "2026-11-24T13:00:01.5Z", "2026-11-24T13:00:01.5Z", "2026-11-24T13:00:02Z"])).toEqual([false, false, false, true, true]);
  });

  test("trailing zeros that a runtime leaves out don't disturb the order", () => {
    const point = new ResumePoint();
    feed(point, ["2026-11-24T13:00:01.12Z"]);
    point.resume();
    expect(feed(point, ["2026-11-24T13:00:01.1Z", "2026-11-24T13:00:01.120000000Z", "2026-11-24T13:00:01.120000001Z"])).toEqual([false, false, true]);
  });

  test("a clock that goes back within a stream loses nothing", () => {
    const point = new ResumePoint();
    point.resume();
    expect(feed(point, ["2026-11-24T13:00:05Z", "2026-11-24T13:00:04Z", ""])).toEqual([true, true, true]);
  });

  test("a second break takes up at the end of the first", () => {
    const point = new ResumePoint();
    feed(point, ["2026-11-24T13:00:01Z"]);
    point.resume();
    feed(point, ["2026-11-24T13:00:01Z", "2026-11-24T13:00:02Z"]);
    point.resume();
    expect(feed(point, ["2026-11-24T13:00:01Z", "2026-11-24T13:00:02Z", "2026-11-24T13:00:03Z"])).toEqual([false, false, true]);
  });
});

describe("the buffer", () => {
  test("keeps the last lines and says how many went", () => {
    const buffer = new LogBuffer(3);
    const change = buffer.append([at(1, "ERROR a"), at(2), at(3), at(4), at(5)]);
    expect(buffer.lines.map(({ at: when }) => new Date(when).getSeconds())).toEqual([3, 4, 5]);
    expect([change.dropped, buffer.dropped, buffer.counts.error]).toEqual([2, 2, 0]);
  });

  test("puts the lines of several containers in order of time, each container's own order kept", () => {
    const buffer = new LogBuffer();
    buffer.append([at(1, "a1"), at(3, "a2")]);
    const change = buffer.append([at(2, "b1", "envoy"), at(3, "b2", "envoy")]);
    expect(buffer.lines.map(({ text }) => text)).toEqual(["a1", "b1", "a2", "b2"]);
    expect(change.reordered).toBe(true);
    expect(buffer.append([at(4)]).reordered).toBe(false);
  });
});

describe("the filter", () => {
  test("takes a text as it is, and a pattern between slashes", () => {
    expect(passes(at(1, "a.b"), needleOf("A.B"), ALL)).toBe(true);
    expect(passes(at(1, "axb"), needleOf("a.b"), ALL)).toBe(false);
    expect(passes(at(1, "axb"), needleOf("/a.b/"), ALL)).toBe(true);
    expect(needleOf("/(/").mistake).not.toBe("");
  });

  test("marks every hit, across styles, time after time", () => {
    const needle = needleOf("ab");
    const line = parseLine("a\u001b[31mb\u001b[0m-ab", "");
    for (let time = 0; time < 2; time += 1) {
      passes(line, needle, ALL);
      expect(pieces(line, needle).filter(({ hit }) => hit).map(({ text, style }) => `${text}${style}`)).toEqual(["a", "bred", "ab"]);
    }
    expect(pieces(line, needle).map(({ text }) => text).join("")).toBe("ab-ab");
  });

  test("a pattern that matches nothing at all places marks nothing", () => {
    expect(pieces(at(1, "abc"), needleOf("/x*/")).every(({ hit }) => !hit)).toBe(true);
  });

  test("follows a buffer as a fresh look at it would see it", () => {
    const buffer = new LogBuffer(5);
    const lens = new LogLens();
    const needle = needleOf("hit");
    const batches = [[at(1, "hit 1"), at(2, "no")], [at(3, "hit 2"), at(4, "hit 3")], [at(2, "hit late", "b")], [at(5, "no"), at(6, "hit 4"), at(7, "hit 5")]];
    for (const batch of batches) {
      lens.update(buffer.lines, [buffer.append(batch)], needle, ALL);
      expect(lens.lines).toEqual(buffer.lines.filter((line) => passes(line, needle, ALL)));
    }
    lens.update(buffer.lines, [], needleOf(""), new Set<Level>(["error"]));
    expect(lens.lines).toEqual([]);
  });
});

describe("wrapped lines", () => {
  test("take as many rows as their characters need, wide ones twice", () => {
    expect([rowsOf("", 10), rowsOf("x".repeat(10), 10), rowsOf("x".repeat(11), 10), rowsOf("日本語日本語", 10)]).toEqual([1, 1, 2, 2]);
  });

  test("are found by row", () => {
    const rows = offsets([{ text: "a" }, { text: "x".repeat(25) }, { text: "b" }], 10);
    expect([...rows]).toEqual([0, 1, 4, 5]);
    expect([0, 1, 3, 4, 9].map((row) => lineAt(rows, row))).toEqual([0, 1, 1, 2, 2]);
  });
});
