/**
 * Terminal escape sequences in logs (ECMA-48). Colours and weight are shown; everything else a sequence
 * could ask for (titles, clipboard, hyperlinks, moving the cursor over earlier text) is left out.
 */

export interface Span {
  readonly text: string;
  /** Class names: `bold`, `dim`, `red`, … "" for plain text. */
  readonly style: string;
}

// CSI … final byte | OSC, DCS, SOS, PM, APC … up to BEL, ST or the end | other escapes. 8-bit forms included.
const SEQUENCE = new RegExp(
  [
    "(?:\\u001b\\[|\\u009b)([0-?]*)[ -/]*([@-~])",
    "(?:\\u001b[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c|$|(?=\\u001b))",
    "\\u001b[ -/]*[0-~]?",
  ].join("|"),
  "g",
);

// What is left after that and does not print: shown as a symbol, so that it can't hide anything. Direction overrides too.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function visible(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** The text alone. */
export function stripAnsi(raw: string): string {
  return visible(raw.replace(SEQUENCE, ""));
}

/** The text in pieces of one style each. */
export function ansiSpans(raw: string): Span[] {
  const spans: Span[] = [];
  const state = new Style();
  let from = 0;
  const add = (text: string): void => {
    if (text !== "") spans.push({ text: visible(text), style: state.toString() });
  };
  for (const match of raw.matchAll(SEQUENCE)) {
    add(raw.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") state.apply(match[1] ?? "");
  }
  add(raw.slice(from));
  return spans;
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** Select Graphic Rendition, as far as the page shows it. */
class Style {
  #bold = false;
  #dim = false;
  #italic = false;
  #underline = false;
  #colour = "";

  apply(parameters: string): void {
    const codes = parameters.split(/[;:]/).map((each) => (each === "" ? 0 : Number(each)));
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] ?? 0;
      if (code === 38 || code === 48) {
        const [colour, used] = extended(codes.slice(index + 1));
        if (code === 38) this.#colour = colour;
        index += used;
      } else this.#one(code);
    }
  }

  #one(code: number): void {
    if (code === 0) {
      this.#bold = this.#dim = this.#italic = this.#underline = false;
      this.#colour = "";
    } else if (code === 1) this.#bold = true;
    else if (code === 2) this.#dim = true;
    else if (code === 3) this.#italic = true;
    else if (code === 4) this.#underline = true;
    else if (code === 22) this.#bold = this.#dim = false;
    else if (code === 23) this.#italic = false;
    else if (code === 24) this.#underline = false;
    else if (code === 39) this.#colour = "";
    else if (code >= 30 && code <= 37) this.#colour = COLOURS[code - 30] ?? "";
    else if (code >= 90 && code <= 97) this.#colour = COLOURS[code - 90] ?? "";
  }

  toString(): string {
    return [this.#bold && "bold", this.#dim && "dim", this.#italic && "italic", this.#underline && "underline", this.#colour].filter((each) => each !== false && each !== "").join(" ");
  }
}

/** `5;n` or `2;r;g;b` after 38: the nearest of the colours that the themes have, and how many codes it took. */
function extended(codes: readonly number[]): [colour: string, used: number] {
  const [mode, a = 0, b = 0, c = 0] = codes;
  if (mode === 2) return [nearest(a, b, c), 4];
  if (mode !== 5) return ["", 1];
  if (a < 16) return [COLOURS[a % 8] ?? "", 2];
  if (a >= 232) return ["", 2];
  const cube = a - 16;
  return [nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51), 2];
}

function nearest(red: number, green: number, blue: number): string {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  // Greys follow the theme's text.
  if (most - least < 40) return "";
  const middle = (most + least) / 2;
  return COLOURS[(red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0)] ?? "";
}
