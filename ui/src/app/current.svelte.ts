/** What the middle of the page shows, for the parts around it (freshness, palette, details). */
import type { Subscription } from "../live/rows.svelte";
import type { Resource } from "./types";

class Current {
  resource = $state.raw<Resource | null>(null);
  subscription = $state.raw<Subscription | null>(null);
}

export const current = new Current();
