/** An object as YAML to read: in the order in which people write it, without what nobody reads. */

import { dump } from "js-yaml";
import type { KubeObject } from "../../kinds/object";

export interface YamlOptions {
  /** `metadata.managedFields`: who set which field, as long as the rest. */
  readonly managedFields: boolean;
  /** The values of a secret. */
  readonly secretValues: boolean;
}

const FIRST = ["apiVersion", "kind", "metadata", "type", "immutable", "spec", "data"];
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

export function yamlOf(object: KubeObject, options: YamlOptions): string {
  return dump(ordered(prepared(object, options)), { lineWidth: -1, noRefs: true, quoteStyle: "double" });
}

export function isSecret(object: KubeObject): boolean {
  return object.kind === "Secret" && object.apiVersion === "v1";
}

function prepared(object: KubeObject, options: YamlOptions): Record<string, unknown> {
  const result: Record<string, unknown> = { ...object };
  const metadata: Record<string, unknown> = { ...object.metadata };
  if (!options.managedFields) delete metadata["managedFields"];
  if (isSecret(object) && !options.secretValues) {
    for (const field of ["data", "stringData"]) {
      if (result[field] !== undefined) result[field] = masked(result[field]);
    }
    const annotations = object.metadata?.annotations;
    // What was last applied has the values too.
    if (annotations?.[LAST_APPLIED] !== undefined) metadata["annotations"] = { ...annotations, [LAST_APPLIED]: "(hidden)" };
  }
  result["metadata"] = metadata;
  return result;
}

function masked(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.keys(data).map((key) => [key, "(hidden)"]));
}

function ordered(object: Record<string, unknown>): Record<string, unknown> {
  const rank = (key: string): number => {
    if (key === "status") return FIRST.length + 1;
    const place = FIRST.indexOf(key);
    return place < 0 ? FIRST.length : place;
  };
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => rank(a) - rank(b)));
}

/** The one stretch in which two texts differ, so that a change moves nothing else. */
export function difference(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from += 1;
  let tail = 0;
  while (tail < shorter - from && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}
