/** Keys that scroll what has focus, where they would otherwise walk the list. */

const KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

/** For `onkeydown` of a part that scrolls by itself: the list does not hear of its keys. */
export function keepScrollKeys(event: KeyboardEvent): void {
  if (KEYS.has(event.key)) event.stopPropagation();
}
