/**
 * What a program in a terminal may not do here: name the window, read or write the clipboard, plant
 * hyperlinks, change the page's colours, or make the terminal type its answers into the shell.
 */

import type { IDisposable, IParser } from "@xterm/xterm";

/** Operating system commands that are swallowed: titles, colours, working directory, hyperlinks, clipboard, and what other terminals added. */
const SWALLOWED = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 46, 50, 51, 52, 60, 61, 66, 99, 104, 105, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 133, 176, 440, 555, 633, 666, 777, 888, 1337, 5113, 5522, 9001];

export function guard(parser: IParser): IDisposable {
  const handlers = SWALLOWED.map((command) => parser.registerOscHandler(command, () => true));
  // Window operations (CSI … t), among them reports of the title.
  handlers.push(parser.registerCsiHandler({ final: "t" }, () => true));
  return { dispose: () => handlers.forEach((handler) => handler.dispose()) };
}
