/** What the palette offers for a text: kinds, rows, namespaces, clusters and things to do, the closest first. */
import { idOf } from "../api/discovery";
import type { IconName } from "../app/icons";
import type { Route } from "../app/router.svelte";
import type { Theme } from "../app/theme.svelte";
import type { Resource } from "../app/types";
import { kindFor } from "../kinds";
import type { Row } from "../live/rows.svelte";

export type Does =
  | { readonly what: "list"; readonly resource: string; readonly patch: Partial<Route> }
  | { readonly what: "row"; readonly sel: string }
  | { readonly what: "namespace"; readonly namespace: string }
  | { readonly what: "cluster"; readonly cluster: string }
  | { readonly what: "theme"; readonly theme: Theme }
  | { readonly what: "help" | "home" | "sign-out" };

export interface Suggestion {
  readonly id: string;
  readonly icon: IconName;
  readonly text: string;
  readonly note: string;
  readonly does: Does;
}

export interface Surroundings {
  readonly cluster: string;
  readonly resources: readonly Resource[];
  readonly namespaces: readonly string[];
  readonly clusters: readonly string[];
  /** The kind of the open list, and its rows. */
  readonly resource: Resource | null;
  readonly rows: ReadonlyMap<string, Row> | null;
  readonly themes: readonly { readonly id: Theme; readonly label: string }[];
  readonly signedIn: boolean;
}

const MOST = 40;
const MOST_ROWS = 25;

/** `@name` clusters; `ns name` namespaces; `kind words` that list, filtered; else whatever has the words in it. */
export function suggestions(text: string, around: Surroundings): Suggestion[] {
  const query = text.trim().toLowerCase();
  if (query.startsWith("@")) return clusters(query.slice(1), around);
  const [first = "", ...others] = query.split(/\s+/);
  const rest = others.join(" ");
  if ((first === "ns" || first === "namespace") && (rest || query !== text.toLowerCase())) return namespaces(rest, around);
  const filtered = rest ? filteredLists(first, rest, around) : [];
  const found = [...filtered, ...kinds(query, around), ...rows(query, around), ...actions(query, around)];
  if (query) found.push(...namespaces(query, around), ...clusters(query, around));
  return found.slice(0, MOST);
}

function kinds(query: string, { resources }: Surroundings): Suggestion[] {
  return resources
    .map((resource) => ({ resource, rank: rankOf(resource, query) }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank || a.resource.kind.localeCompare(b.resource.kind))
    .slice(0, query ? 12 : 8)
    .map(({ resource }) => ({ id: `kind ${idOf(resource)}`, ...linkOf(resource), does: { what: "list", resource: idOf(resource), patch: {} } }));
}

function filteredLists(first: string, rest: string, { resources }: Surroundings): Suggestion[] {
  return resources
    .filter((resource) => rankOf(resource, first) <= 1)
    .map((resource) => {
      const { icon, text, note } = linkOf(resource);
      return { id: `filtered ${idOf(resource)}`, icon, text: `${text} with ${rest}`, note, does: { what: "list", resource: idOf(resource), patch: { q: rest.replace(/^\//, "") } } };
    });
}

const linkOf = (resource: Resource): Pick<Suggestion, "icon" | "text" | "note"> => {
  const kind = kindFor(resource);
  return { icon: kind.icon, text: kind.title, note: resource.group || "kind" };
};

/** 0: its short name or whole name; 1: begins with it; 2: has it somewhere; Infinity: has not. */
function rankOf(resource: Resource, query: string): number {
  if (!query) return 2;
  const names = [resource.plural, resource.singular, resource.kind.toLowerCase(), ...resource.shortNames];
  if (names.includes(query)) return 0;
  if (names.some((name) => name.startsWith(query))) return 1;
  return resource.plural.includes(query) ? 2 : Infinity;
}

function rows(query: string, { rows: all, resource }: Surroundings): Suggestion[] {
  if (!query || !all || !resource) return [];
  const wanted = query.replace(/^\//, "").split(/\s+/);
  const found: Suggestion[] = [];
  const { icon } = kindFor(resource);
  for (const row of all.values()) {
    if (!wanted.every((word) => row.name.includes(word))) continue;
    found.push({ id: `row ${row.key}`, icon, text: row.name, note: row.namespace, does: { what: "row", sel: row.key.replace(/^\//, "") } });
    if (found.length === MOST_ROWS) break;
  }
  return found;
}

function namespaces(query: string, { namespaces: all, cluster }: Surroundings): Suggestion[] {
  if (!cluster) return [];
  const found: Suggestion[] = all
    .filter((name) => name.includes(query))
    .map((namespace) => ({ id: `ns ${namespace}`, icon: "namespace", text: namespace, note: "namespace", does: { what: "namespace", namespace } }));
  if ("all namespaces".includes(query)) found.unshift({ id: "ns", icon: "namespace", text: "All namespaces", note: "namespace", does: { what: "namespace", namespace: "" } });
  return found;
}

function clusters(query: string, { clusters: all }: Surroundings): Suggestion[] {
  return all
    .filter((name) => name.toLowerCase().includes(query))
    .map((cluster) => ({ id: `cluster ${cluster}`, icon: "cluster", text: cluster, note: "cluster", does: { what: "cluster", cluster } }));
}

function actions(query: string, { themes, signedIn }: Surroundings): Suggestion[] {
  const all: Suggestion[] = [
    { id: "home", icon: "home", text: "All clusters", note: "go to", does: { what: "home" } },
    { id: "help", icon: "help", text: "Keys and help", note: "show", does: { what: "help" } },
    ...themes.map(({ id, label }): Suggestion => ({ id: `theme ${id}`, icon: "sun", text: `Appearance: ${label}`, note: "do", does: { what: "theme", theme: id } })),
  ];
  if (signedIn) all.push({ id: "sign-out", icon: "out", text: "Sign out", note: "do", does: { what: "sign-out" } });
  return all.filter(({ text }) => text.toLowerCase().includes(query));
}
