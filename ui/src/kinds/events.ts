/** Events (core/v1 and events.k8s.io/v1). */

import { define } from "./define";
import type { Section } from "./kind";
import { seconds } from "./object";
import { facts } from "./parts";
import { resourceOf, isClusterScoped } from "./links";
import type { Event } from "./shapes";
import { sentence, to } from "./words";

export const events = define<Event>({
  icon: "event",
  title: "Events",
  one: "event",
  statusColumn: "Type",
  status: (event) => (event.type === "Warning" ? { tone: "warn", word: "Warning" } : { tone: "ok", word: event.type ?? "Normal" }),
  verdict: (event) => (event.type === "Warning" ? { tone: "warn", head: `${event.reason ?? "Warning"}.`, cause: [sentence(messageOf(event))] } : null),
  sections(event): readonly Section[] {
    const about = event.involvedObject;
    const seen = lastSeen(event);
    return [
      {
        type: "facts",
        title: "What happened",
        facts: facts(
          ["Reason", event.reason],
          ["Message", event.type === "Warning" ? undefined : messageOf(event)],
          ["About", about?.name === undefined ? undefined : [`${about.kind ?? ""} `, to(resourceOf(about.apiVersion ?? "v1", about.kind ?? ""), isClusterScoped(about.kind ?? "") ? "" : (about.namespace ?? ""), about.name)]],
          ["Part", about?.fieldPath],
          ["Last", seen === undefined ? undefined : [{ at: seen, as: "ago" }]],
          ["How often", countOf(event)],
          ["Told by", event.reportingComponent === undefined || event.reportingComponent === "" ? event.source?.component : event.reportingComponent],
          ["On", event.source?.host],
        ),
      },
    ];
  },
});

export function messageOf(event: Event): string {
  return event.message ?? event.note ?? "";
}

export function countOf(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}

/** When it happened last, in seconds; each generation of the API has its own field for it. */
export function lastSeen(event: Event): number | undefined {
  return seconds(event.series?.lastObservedTime) ?? seconds(event.lastTimestamp ?? undefined) ?? seconds(event.eventTime ?? undefined) ?? seconds(event.firstTimestamp ?? undefined) ?? seconds(event.metadata?.creationTimestamp);
}
