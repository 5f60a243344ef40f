/** The terminal's colours, from the page's tokens. */

import type { ITheme } from "@xterm/xterm";

export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: token("n1"),
    foreground: token("n12"),
    cursor: token("n12"),
    cursorAccent: token("n1"),
    selectionBackground: token("accent-edge"),
    selectionInactiveBackground: token("n5"),
    scrollbarSliderBackground: token("n6"),
    scrollbarSliderHoverBackground: token("n7"),
    scrollbarSliderActiveBackground: token("n8"),
    overviewRulerBorder: token("n1"),
    black: token("n11"),
    red: token("err-text"),
    green: token("ok-text"),
    yellow: token("warn-text"),
    blue: token("run-text"),
    magenta: token("accent-text"),
    cyan: token("syn-string"),
    white: token("n10"),
    brightBlack: token("n10"),
    brightRed: token("err-mark"),
    brightGreen: token("ok-mark"),
    brightYellow: token("warn-mark"),
    brightBlue: token("run-mark"),
    brightMagenta: token("accent"),
    brightCyan: token("syn-string"),
    brightWhite: token("n12"),
  };
}

/** Calls back when the page's theme changes, by choice or with the system's. */
export function whenThemeChanges(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", changed);
  };
}
