/** Parts of the page that a list is drawn without: fetched when they are first shown, or when nothing else is to be done. */

export const opened = () => import("./opened");
export const places = () => import("./places");

/** A list has been there for this long before anything is fetched ahead. In milliseconds. */
const QUIET = 1000;

/** Begin to fetch a part that will be shown; whoever shows it hears of a failure. */
export function ahead(part: () => Promise<unknown>): void {
  part().catch(() => undefined);
}

/** Fetch what is opened from a list, soon, when the page is idle. Returns how to leave that off. */
export function fetchAhead(): () => void {
  const timer = setTimeout(() => whenIdle(() => ahead(opened)), QUIET);
  return () => clearTimeout(timer);
}

/** Safari has no `requestIdleCallback`. */
function whenIdle(then: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(then);
  else then();
}
