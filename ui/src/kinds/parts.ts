/** Parts of sections that several kinds are made of. */

import type { Fact, Phrase, Section } from "./kind";
import type { Condition } from "./object";
import { seconds } from "./object";
import type { PodTemplate } from "./shapes";

/** Facts of which the unknown ones are left out. */
export function facts(...entries: readonly (readonly [label: string, value: Phrase | string | number | undefined])[]): Fact[] {
  return entries.flatMap(([label, value]): Fact[] => {
    if (value === undefined || value === "") return [];
    return [{ label, value: typeof value === "string" || typeof value === "number" ? [String(value)] : value }];
  });
}

/** Conditions that mean trouble when they are true; all others are expected to be. */
const BAD_WHEN_TRUE = /(?:Pressure|Unavailable|Failure|Failed|Degraded|Stalled|Dangling|Deletion\w*|NamesConflict|Terminating|Suspended|FailureTarget|DisruptionTarget|Corrupt\w*|Violation)$/;

/** Whether a condition is as it should be; undefined when it is not known. */
export function isGood(condition: Condition): boolean | undefined {
  if (condition.status === "Unknown") return undefined;
  return (condition.status === "True") !== BAD_WHEN_TRUE.test(condition.type);
}

/** What a folded list of conditions says of itself. */
export function conditionNote(conditions: readonly Condition[]): string {
  const bad = conditions.find((each) => isGood(each) === false && !/^(?:Initialized|PodReadyToStartContainers)$/.test(each.type));
  if (bad !== undefined) return `${bad.type} is ${bad.status}`;
  return conditions.length === 0 ? "none" : `${conditions.length}, all as they should be`;
}

/** A condition's time, as a piece of a sentence. */
export function since(condition: Condition | undefined): Phrase {
  const at = seconds(condition?.lastTransitionTime);
  return at === undefined ? [] : [{ at, as: "ago" }];
}

/** The containers that a workload's template makes. */
export function templateSection(template: PodTemplate | undefined): Section {
  const init = (template?.spec?.initContainers ?? []).map((container) => ({ container, status: undefined, role: container.restartPolicy === "Always" ? ("sidecar" as const) : ("init" as const) }));
  const app = (template?.spec?.containers ?? []).map((container) => ({ container, status: undefined, role: "app" as const }));
  return { type: "containers", title: "Template", note: `${init.length + app.length === 1 ? "1 container" : `${init.length + app.length} containers`}`, containers: [...init, ...app] };
}

export function podsSection(namespace: string, labelSelector: string, fieldSelector = ""): Section {
  return { type: "pods", title: "Pods", namespace, labelSelector, fieldSelector };
}
