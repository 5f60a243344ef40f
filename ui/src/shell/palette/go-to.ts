/** Where the palette offers to go, for what was typed. `cluster` is the name of the one that is meant. */
import { idOf } from "../../api/discovery";
import { DEFAULT_RESOURCE, router } from "../../app/router.svelte";
import type { Resource } from "../../app/types";
import { kindFor } from "../../kinds";
import { cellText } from "../../list/cells";
import { statusReader } from "../../list/status";
import type { Row, Subscription } from "../../live/rows.svelte";
import type { Item } from "./commands";
import type { Reading } from "./grammar";

/** How many of a kind are offered. */
export const MOST = 8;

export function namespaceChoices(beginning: string, names: readonly string[], cluster: string): Item[] {
  const resource = router.route.resource || DEFAULT_RESOURCE;
  const fitting = names.filter((name) => name.includes(beginning)).slice(0, MOST);
  return fitting.map((name) => ({ id: `ns ${name}`, group: "Namespaces", text: name, icon: "namespace", run: () => router.openList(cluster, resource, { ns: [name] }) }));
}

/** The list that the words name, or the cluster alone. */
export function listChoices({ resource, namespace, part, cluster: named }: Reading, cluster: string): Item[] {
  if (!resource) return named ? [{ id: "cluster", group: "Go to", text: named, icon: "cluster", run: () => router.openList(named, DEFAULT_RESOURCE) }] : [];
  const kind = kindFor(resource);
  const text = `${kind.title}${namespace ? ` in ${namespace}` : ""}${part ? ` with ${part}` : ""}`;
  return [{ id: "list", group: "Go to", text, icon: kind.icon, note: named, run: () => router.openList(cluster, idOf(resource), { ...(namespace ? { ns: [namespace] } : {}), q: part }) }];
}

/** Objects by their rows; `now` is in seconds since the epoch. */
export function objectChoices(resource: Resource, rows: readonly Row[], list: Subscription, cluster: string, now: number): Item[] {
  const kind = kindFor(resource);
  const status = statusReader(list.columns, kind.statusColumn, resource.plural);
  const age = list.columns.findIndex(({ name }) => name === "Age");
  const group = rows.length > MOST ? `${kind.title}, the first ${MOST} of ${rows.length}` : kind.title;
  return rows.slice(0, MOST).map((row) => {
    const how = status?.(row);
    return {
      id: row.key,
      group,
      text: row.name,
      mono: true,
      ...(how ? { tone: how.tone, word: how.word } : { icon: kind.icon, word: row.namespace }),
      note: age >= 0 ? cellText(row.cells[age], now) : "",
      run: () => router.openList(cluster, idOf(resource), { sel: row.key.replace(/^\//, ""), ns: router.route.ns.includes(row.namespace) ? router.route.ns : [] }),
    };
  });
}

/** Kinds by any of their names: first those that are called so, then those that begin so, then those that have it somewhere. */
export function kindChoices(word: string, resources: readonly Resource[], cluster: string): Item[] {
  const fits = ({ plural, kind, shortNames }: Resource): number => {
    const names = [plural, kind.toLowerCase(), ...shortNames];
    return names.includes(word) ? 0 : names.some((name) => name.startsWith(word)) ? 1 : names.some((name) => name.includes(word)) ? 2 : 3;
  };
  return resources
    .map((resource) => ({ resource, fit: fits(resource) }))
    .filter(({ fit }) => fit < 3)
    .sort((a, b) => a.fit - b.fit)
    .slice(0, MOST)
    .map(({ resource }) => ({ id: `kind ${idOf(resource)}`, group: "Kinds", text: kindFor(resource).title, icon: kindFor(resource).icon, note: resource.group, run: () => router.openList(cluster, idOf(resource)) }));
}

export function clusterChoices(word: string, names: readonly string[]): Item[] {
  return names.filter((name) => name.includes(word)).map((name) => ({ id: `@${name}`, group: "Clusters", text: name, icon: "cluster", run: () => router.openList(name, DEFAULT_RESOURCE) }));
}
