/** What a line in the palette means: `kind namespace /part of the name`, `ns name`, `@cluster …`. */
import type { Resource } from "../../app/types";

export interface Reading {
  /** Another cluster, when one is named. */
  readonly cluster: string;
  readonly resource: Resource | null;
  readonly namespace: string;
  /** Part of the name. */
  readonly part: string;
  /** `ns …`: go to a namespace and stay with the kind. */
  readonly toNamespace: boolean;
  /** What could not be placed; it is looked for everywhere. */
  readonly rest: string;
}

interface Known {
  readonly find: (word: string) => Resource | null;
  readonly namespaces: readonly string[];
  readonly clusters: readonly string[];
}

/** The one name that a beginning can mean, or "": an exact one goes before a longer one. */
export function complete(beginning: string, names: readonly string[]): string {
  if (beginning === "") return "";
  if (names.includes(beginning)) return beginning;
  return names.find((name) => name.startsWith(beginning)) ?? "";
}

export function read(line: string, known: Known): Reading {
  let cluster = "";
  let resource: Resource | null = null;
  let namespace = "";
  let toNamespace = false;
  const rest: string[] = [];
  const slash = line.search(/(^|\s)\//);
  const part = slash < 0 ? "" : line.slice(slash).trim().slice(1).trim();
  const words = (slash < 0 ? line : line.slice(0, slash)).trim().split(/\s+/).filter(Boolean);
  for (const word of words) {
    if (word.startsWith("@")) cluster = complete(word.slice(1), known.clusters);
    // `ns` is a short name of a kind too; with a name after it, it means: go there.
    else if (word === "ns" && words.length > 1 && resource === null) toNamespace = true;
    else if (resource === null && !toNamespace && known.find(word)) resource = known.find(word);
    else if (namespace === "" && (resource !== null || toNamespace) && complete(word, known.namespaces)) namespace = complete(word, known.namespaces);
    else rest.push(word);
  }
  // A name without a slash is meant as a part of a name too: `po api`.
  if (resource !== null && part === "" && rest.length) return { cluster, resource, namespace, part: rest.join(" "), toNamespace, rest: "" };
  return { cluster, resource, namespace, part, toNamespace, rest: rest.join(" ") };
}
