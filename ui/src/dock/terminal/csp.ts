/**
 * xterm under a strict Content-Security-Policy. Its style elements need the page's nonce, and it sets style
 * attributes, which no nonce allows.
 */

import type { Terminal } from "@xterm/xterm";
import { styleNonce } from "../../app/csp";

/** What of xterm's inside is reached for here; all optional, for the day when it is arranged otherwise. */
interface Inside {
  _core?: { _renderService?: { _renderer?: { value?: { _rowFactory?: RowFactory } } } };
}

interface RowFactory {
  _addStyle?: (element: HTMLElement, style: string) => void;
}

/** Opens a terminal so that its styles hold. */
export function openStrictly(terminal: Terminal, parent: HTMLElement): void {
  withStyleNonce(() => terminal.open(parent));
  const rows = (terminal as unknown as Inside)._core?._renderService?._renderer?.value?._rowFactory;
  // Colours beyond the theme's: the same declarations by way of the object model, which the policy leaves to scripts.
  if (rows?._addStyle !== undefined) {
    rows._addStyle = (element, style) => {
      element.style.cssText += `${style};`;
    };
  }
}

/** All style elements are made while the terminal is opened; there is no other way to give them a nonce before they are filled. */
function withStyleNonce(work: () => void): void {
  const plain = document.createElement.bind(document);
  const nonce = styleNonce();
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = plain(name, options);
    if (name === "style") element.nonce = nonce;
    return element;
  }) as typeof document.createElement;
  try {
    work();
  } finally {
    // What was put in front of the prototype's method goes again.
    Reflect.deleteProperty(document, "createElement");
  }
}
