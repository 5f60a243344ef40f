/** The kinds of a search for everything. */
import { MOST_MESSAGE_BYTES, MOST_SEARCHED_KINDS } from "./limits";
import type { ResourceRef } from "./protocol";

/** Beside its kinds, a search has at most 3 KiB. */
const MOST_BYTES = MOST_MESSAGE_BYTES - 4 * 1024;

/** The first of `kinds`, as many as the server takes in one search. */
export function fitting(kinds: readonly ResourceRef[]): readonly ResourceRef[] {
  const taken: ResourceRef[] = [];
  let bytes = 0;
  for (const { group, version, plural, namespaced } of kinds.slice(0, MOST_SEARCHED_KINDS)) {
    const kind = { group, version, plural, namespaced };
    // Names of kinds are ASCII; each is followed by a comma or a bracket.
    bytes += JSON.stringify(kind).length + 1;
    if (bytes > MOST_BYTES) break;
    taken.push(kind);
  }
  return taken;
}
