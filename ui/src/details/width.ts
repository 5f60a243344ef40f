/** The pane's width, kept by the browser for the next visit. */

const KEY = "headlamp.pane-width";

export function storedWidth(fallback: number): number {
  try {
    const stored = Number(localStorage.getItem(KEY));
    return Number.isFinite(stored) && stored > 0 ? stored : fallback;
  } catch {
    return fallback;
  }
}

export function storeWidth(width: number): void {
  try {
    localStorage.setItem(KEY, String(width));
  } catch {
    // A browser that keeps nothing: the width holds until the page is left.
  }
}
