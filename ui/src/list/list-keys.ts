/** What keys do in a list. */
import type { KeyMap } from "../app/keys";
import { router } from "../app/router.svelte";
import type { Selection, Sheet } from "./selection.svelte";
import type { Ticks } from "./ticks.svelte";
import type { ListView } from "./view.svelte";

interface Parts {
  readonly view: ListView;
  readonly selection: Selection;
  readonly ticks: Ticks;
  readonly sheet: () => Sheet | undefined;
  /** Go to the field of the filter. */
  readonly filter: () => void;
}

export function listKeys({ view, selection, ticks, sheet, filter }: Parts): KeyMap {
  const page = (): number => sheet()?.pageSize() ?? 1;
  const last = (): void => selection.walkTo(view.matching - 1);
  const tick = (range: boolean): void => {
    if (selection.key) ticks.toggle(selection.key, view.entries, range);
  };
  return {
    j: () => selection.walk(1),
    k: () => selection.walk(-1),
    ArrowDown: () => selection.walk(1),
    ArrowUp: () => selection.walk(-1),
    PageDown: () => selection.walk(page()),
    PageUp: () => selection.walk(-page()),
    "g g": () => selection.walkTo(0),
    G: last,
    Home: () => selection.walkTo(0),
    End: last,
    Enter: (event) => {
      if (event.target instanceof HTMLElement && event.target.closest("button, a, summary")) event.target.click();
      else if (selection.key) selection.open(selection.key);
    },
    Escape: () => {
      if (router.route.full) router.go({ full: false });
      else if (router.route.sel) router.go({ sel: "", tab: "" });
      else ticks.clear();
    },
    "/": filter,
    x: () => tick(false),
    X: () => tick(true),
    e: () => {
      if (selection.key) router.go({ tab: "yaml" }, { replace: true });
    },
  };
}
