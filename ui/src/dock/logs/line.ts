/** A line of a log as the kubelet sends it with timestamps: `2026-11-24T13:00:00.123456789Z text`. */

import { stripAnsi } from "./ansi";
import { levelOf, type Level } from "./level";

export interface LogLine {
  /** Counts up in the order of arrival, without gaps. */
  seq: number;
  readonly container: string;
  /** As the kubelet wrote it; "" when the line has none. */
  readonly stamp: string;
  /** In milliseconds since the epoch, with nanoseconds behind the point; NaN when there is none. */
  readonly at: number;
  readonly level: Level;
  /** As it came, escape sequences included. */
  readonly raw: string;
  /** What is read and searched. */
  readonly text: string;
}

/** Longer lines are cut for display; a download has them whole. In characters. */
export const LONGEST = 16_384;

const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2}) ?/;

/** Seconds and nanoseconds of a timestamp, to compare exactly; null when it is none. */
export function instant(stamp: string): readonly [milliseconds: number, nanoseconds: number] | null {
  const match = STAMP.exec(stamp);
  if (match === null) return null;
  const [, whole = "", fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(whole + zone);
  return Number.isNaN(milliseconds) ? null : [milliseconds, Number(fraction.slice(1).padEnd(9, "0").slice(0, 9))];
}

/** Splits the timestamp off a line. */
export function splitStamp(line: string): { stamp: string; rest: string } {
  const match = STAMP.exec(line);
  if (match === null) return { stamp: "", rest: line };
  return { stamp: match[0].trimEnd(), rest: line.slice(match[0].length) };
}

export function parseLine(received: string, container: string): LogLine {
  const { stamp, rest } = splitStamp(received);
  const whole = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
  const raw = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}… (${(whole.length - LONGEST).toLocaleString("en-GB")} more characters)` : whole;
  const text = stripAnsi(raw);
  const when = instant(stamp);
  return { seq: 0, container, stamp, at: when === null ? Number.NaN : when[0] + when[1] / 1e6, level: levelOf(text), raw: raw === text ? text : raw, text };
}

/** Cuts a stream of bytes into lines, whatever the pieces it arrives in. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The lines that `bytes` completed. */
  push(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    // A line that never ends must not fill the memory.
    if (this.#rest.length > 16 * LONGEST) {
      lines.push(this.#rest);
      this.#rest = "";
    }
    return lines;
  }

  /** What is left at the end of the stream. */
  flush(): string[] {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}

/** The bytes of a `base64.binary.k8s.io` frame. */
export function frameBytes(frame: string): Uint8Array {
  return Uint8Array.from(atob(frame), (character) => character.charCodeAt(0));
}
