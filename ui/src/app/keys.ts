/** Keys of one letter, and of two in a row (`g p`). They do nothing while a field, an editor or a terminal has focus. */

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const maps: KeyMap[] = [];
let pending = "";
let pendingAt = 0;
/** How long the second key of a pair may take, in milliseconds. */
const PAIR = 900;

/** Handle keys until the returned function is called. What was added last is asked first. */
export function onKeys(map: KeyMap): () => void {
  if (maps.length === 0) window.addEventListener("keydown", dispatch);
  maps.push(map);
  return () => {
    maps.splice(maps.indexOf(map), 1);
    if (maps.length === 0) window.removeEventListener("keydown", dispatch);
  };
}

function dispatch(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat === undefined) return;
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (!modified && isTyping(event.target)) return;
  const name = (event.ctrlKey || event.metaKey ? "Ctrl " : "") + (event.shiftKey && event.key.length > 1 ? "Shift " : "") + event.key;
  if (event.altKey || /^(Control|Shift|Alt|Meta)$/.test(event.key)) return;
  const pair = pending && event.timeStamp - pendingAt < PAIR ? `${pending} ${name}` : "";
  pending = "";
  for (const wanted of [pair, name]) {
    if (!wanted) continue;
    for (let at = maps.length - 1; at >= 0; at--) {
      const action = maps[at]?.[wanted];
      if (!action) continue;
      event.preventDefault();
      action(event);
      return;
    }
  }
  if (!modified && maps.some((map) => Object.keys(map).some((key) => key.startsWith(`${name} `)))) {
    pending = name;
    pendingAt = event.timeStamp;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog, [role=dialog], [role=menu], .cm-editor, .xterm") !== null);
}
