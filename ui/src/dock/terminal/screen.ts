/** xterm.js, put up for this page. A chunk of its own: loaded with the first terminal. */

import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { openStrictly } from "./csp";
import { guard } from "./guard";
import { terminalTheme, whenThemeChanges } from "./theme";

/** Lines kept above the screen. */
const SCROLLBACK = 5000;

export interface ScreenEvents {
  ontext(text: string): void;
  onbinary(binary: string): void;
  onresize(columns: number, rows: number): void;
  /** The reader wants out of the terminal by keyboard. */
  onleave(): void;
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #observer: ResizeObserver;
  readonly #unthemed: () => void;

  constructor(parent: HTMLElement, label: string, events: ScreenEvents) {
    const style = getComputedStyle(document.documentElement);
    this.#terminal = new Terminal({
      theme: terminalTheme(),
      fontFamily: style.getPropertyValue("--font-mono").trim(),
      fontSize: 12,
      lineHeight: 1.3,
      scrollback: SCROLLBACK,
      cursorBlink: false,
      minimumContrastRatio: 4.5,
      macOptionIsMeta: true,
      linkHandler: null,
    });
    guard(this.#terminal.parser);
    this.#terminal.loadAddon(this.#fit);
    openStrictly(this.#terminal, parent);
    this.#terminal.textarea?.setAttribute("aria-label", `${label}. Shift+Escape leaves the terminal.`);
    this.#terminal.onData((text) => events.ontext(text));
    this.#terminal.onBinary((binary) => events.onbinary(binary));
    this.#terminal.onResize(({ cols, rows }) => events.onresize(cols, rows));
    this.#terminal.attachCustomKeyEventHandler((event) => {
      if (event.key !== "Escape" || !event.shiftKey) return true;
      if (event.type === "keydown") events.onleave();
      return false;
    });
    // Hidden, it has no size, and the program in it must not be told one.
    this.#observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0 && entry.contentRect.height > 0) this.#fit.fit();
    });
    this.#observer.observe(parent);
    this.#unthemed = whenThemeChanges(() => {
      this.#terminal.options.theme = terminalTheme();
    });
    this.#fit.fit();
  }

  get size(): readonly [columns: number, rows: number] {
    return [this.#terminal.cols, this.#terminal.rows];
  }

  write(bytes: Uint8Array): void {
    this.#terminal.write(bytes);
  }

  /** A line of the page's own, apart from what the program wrote. */
  say(words: string): void {
    this.#terminal.write(`\r\n\u001b[0;90m${words}\u001b[0m\r\n`);
  }

  set screenReader(on: boolean) {
    this.#terminal.options.screenReaderMode = on;
  }

  set readOnly(on: boolean) {
    this.#terminal.options.disableStdin = on;
  }

  focus(): void {
    this.#terminal.focus();
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#unthemed();
    this.#terminal.dispose();
  }
}
