/** What can be said of any object, custom resources included: conditions, owner, and its spec as it stands. */

import type { Fact, Phrase, Section, Status, Verdict } from "./kind";
import { at, conditionsOf, seconds, textAt, type Json, type KubeObject } from "./object";
import { conditionNote, isGood, since } from "./parts";
import { toneOf } from "./tones";
import { sentence } from "./words";

/** The condition types that sum up an object, most telling first. */
const SUMMARY = ["Ready", "Available", "Healthy", "Synced", "Established", "Accepted", "Programmed", "Complete", "Succeeded"];

export function genericStatus(object: KubeObject): Status | null {
  if (object.metadata?.deletionTimestamp !== undefined) return { tone: "run", word: "Terminating" };
  const phase = textAt(object, "status", "phase") ?? textAt(object, "status", "state");
  const conditions = conditionsOf(object);
  const summary = SUMMARY.map((type) => conditions.find((each) => each.type === type)).find((each) => each !== undefined);
  if (summary !== undefined) {
    const good = isGood(summary);
    if (good === undefined) return { tone: "unk", word: `${summary.type} unknown` };
    return good ? { tone: "ok", word: summary.type } : { tone: "err", word: summary.reason ?? `Not ${summary.type.toLowerCase()}` };
  }
  return phase === undefined ? null : { tone: toneOf(phase), word: phase };
}

export function genericVerdict(object: KubeObject): Verdict | null {
  const leaving = deletionVerdict(object);
  if (leaving !== null) return leaving;
  const conditions = conditionsOf(object);
  const bad = [...SUMMARY.map((type) => conditions.find((each) => each.type === type)), ...conditions].find((each) => each !== undefined && isGood(each) === false);
  if (bad === undefined) return null;
  const when = since(bad);
  const head = `${bad.type} is ${bad.status}.`;
  const cause: Phrase = [sentence(bad.message ?? bad.reason ?? "The object does not say why")];
  return { tone: SUMMARY.includes(bad.type) ? "err" : "warn", head, cause, ...(when.length > 0 ? { more: ["Changed ", ...when, "."] } : {}) };
}

/** An object that is to be deleted and still there says what it waits for. */
export function deletionVerdict(object: KubeObject): Verdict | null {
  const deleted = seconds(object.metadata?.deletionTimestamp);
  if (deleted === undefined) return null;
  const finalizers = object.metadata?.finalizers ?? [];
  const waits: Phrase = finalizers.length === 0 ? [] : [" It waits for ", ...finalizers.flatMap((each, index): Phrase => [index === 0 ? "" : ", ", { code: each }]), " to let go of it."];
  return { tone: "run", head: "Being deleted.", cause: ["Deleted ", { at: deleted, as: "ago" }, ".", ...waits] };
}

export function genericPath(): Phrase {
  return [];
}

export function genericSections(object: KubeObject): readonly Section[] {
  const sections: Section[] = [];
  const conditions = conditionsOf(object);
  if (conditions.length > 0) sections.push({ type: "conditions", title: "Conditions", note: conditionNote(conditions), conditions });
  const known = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
  for (const [title, value] of [["Spec", at(object, "spec")], ["Status", withoutConditions(at(object, "status"))]] as const) {
    if (isFilled(value)) sections.push({ type: "tree", title, value: value as Json, folded: title === "Status" });
  }
  // Kinds without a spec (roles, storage classes, …) keep their content at the top.
  const rest = Object.entries(object).filter(([key, value]) => !known.has(key) && value !== null && value !== undefined);
  if (rest.length > 0) sections.push({ type: "tree", title: "Content", value: Object.fromEntries(rest) as Json });
  return sections;
}

function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function withoutConditions(status: unknown): unknown {
  if (typeof status !== "object" || status === null) return undefined;
  return Object.fromEntries(Object.entries(status).filter(([key]) => key !== "conditions"));
}

/** Facts that each object has. */
export function metadataFacts(object: KubeObject): Fact[] {
  const created = seconds(object.metadata?.creationTimestamp);
  const result: Fact[] = [];
  if (created !== undefined) result.push({ label: "Created", value: [{ at: created, as: "ago" }, `, ${new Date(created * 1000).toLocaleString("en-GB")}`] });
  if (object.metadata?.uid !== undefined) result.push({ label: "UID", value: [{ code: object.metadata.uid }] });
  if (object.metadata?.resourceVersion !== undefined) result.push({ label: "Resource version", value: [{ code: object.metadata.resourceVersion }] });
  for (const finalizer of object.metadata?.finalizers ?? []) result.push({ label: "Finalizer", value: [{ code: finalizer }] });
  return result;
}
