/** How fresh the page is, in two or three words. */
import { inWords, timeOfDay } from "../app/age";
import type { Connection } from "../live/client.svelte";
import type { Subscription } from "../live/rows.svelte";

export interface Freshness {
  readonly look: "live" | "catching-up" | "partial" | "stopped" | "bad";
  readonly word: string;
  readonly rest: string;
  /** Rows no longer follow the cluster: ages stop, the ground is hatched. */
  readonly stale: boolean;
}

interface Facts {
  readonly ended: { readonly at: number } | null;
  readonly connection: Connection;
  readonly downSince: number | null;
  readonly retryAt: number | null;
  readonly rows: Pick<Subscription, "state" | "since" | "missing" | "synced" | "asOf" | "query"> | null;
  readonly now: number;
}

export function freshness({ ended, connection, downSince, retryAt, rows, now }: Facts): Freshness | null {
  if (ended) return stopped("Stopped", ended.at, now);
  if (!rows) return null;
  if (connection === "ended") return stopped("Stopped", downSince ?? now, now);
  if ((connection === "waiting" || connection === "connecting") && downSince !== null) {
    const next = retryAt !== null && retryAt > now ? `, next try in ${inWords(retryAt - now)}` : "";
    return { look: "stopped", word: "Reconnecting", rest: `since ${timeOfDay(downSince)}${next}`, stale: true };
  }
  switch (rows.state) {
    case "live":
      return { look: "live", word: "Live", rest: rows.asOf ? `changed ${inWords(now - rows.asOf)} ago` : "", stale: false };
    case "partial": {
      const all = rows.query.namespaces?.length;
      const missing = `without ${rows.missing.length} ${rows.missing.length === 1 ? "namespace" : "namespaces"}`;
      return { look: "partial", word: "Partly live", rest: all ? `${all - rows.missing.length} of ${all} namespaces` : missing, stale: false };
    }
    case "reconnecting":
      return { look: "stopped", word: "Reconnecting", rest: `to the cluster since ${timeOfDay(rows.since)}`, stale: true };
    case "forbidden":
      return { look: "bad", word: "Not allowed", rest: "", stale: false };
    case "failed":
      return { look: "bad", word: "Failed", rest: `at ${timeOfDay(rows.since)}`, stale: rows.synced };
    default:
      return { look: "catching-up", word: rows.synced ? "Catching up" : "Loading", rest: rows.synced ? `since ${timeOfDay(rows.since)}` : "", stale: false };
  }
}

function stopped(word: string, at: number, now: number): Freshness {
  return { look: "stopped", word, rest: `at ${timeOfDay(at)}, ${inWords(now - at)} ago`, stale: true };
}
