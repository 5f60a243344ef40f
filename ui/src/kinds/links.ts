/** Where links to other objects lead, and the resource names behind the kinds that owner references speak of. */

import type { ObjectLink } from "./kind";

/** `apps/v1` → `apps`, `v1` → "". */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** `plural` or `plural.group` of a kind, by the rule that the API's conventions give for plurals. */
export function resourceOf(apiVersion: string, kind: string): string {
  const group = groupOf(apiVersion);
  const plural = pluralOf(kind.toLowerCase());
  return group === "" ? plural : `${plural}.${group}`;
}

function pluralOf(word: string): string {
  if (word === "endpoints") return word;
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return `${word}s`;
}

const CLUSTER_SCOPED = new Set(["Node", "Namespace", "PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass", "PriorityClass"]);

/** Whether a built-in kind has no namespace. An owner of a namespaced object may be one of these. */
export function isClusterScoped(kind: string): boolean {
  return CLUSTER_SCOPED.has(kind);
}

/** What of the page's address leads to an object, or with an empty name to the list of a namespace. */
export function routeTo(link: ObjectLink, chosen: readonly string[]): { ns: readonly string[]; sel: string } {
  // A choice of namespaces stays unless the object would be out of sight.
  const ns = link.namespace === "" || (link.name !== "" && (chosen.length === 0 || chosen.includes(link.namespace))) ? chosen : [link.namespace];
  return { ns, sel: link.name === "" ? "" : `${link.namespace}/${link.name}` };
}
