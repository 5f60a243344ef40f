/** What a search across kinds has found, as choices and in words. */
import { idOf } from "../../api/discovery";
import { grouped } from "../../app/age";
import { router } from "../../app/router.svelte";
import type { Resource } from "../../app/types";
import { kindFor } from "../../kinds";
import type { Found } from "../../live/protocol";
import type { ClusterStore } from "../cluster.svelte";
import { MOST } from "./go-to";
import type { Item } from "./commands";

/** Objects of all kinds but `but`, whose names have been looked through on the page. */
export function foundChoices(found: Found | null, cluster: ClusterStore, but: Resource | null, everywhere: boolean): Item[] {
  const group = everywhere ? "Everything" : but ? "In your other lists" : "In your lists";
  const here = but ? idOf(but) : "";
  return (found?.hits ?? [])
    .filter(({ resource }) => idOf(resource) !== here)
    .slice(0, everywhere ? 3 * MOST : MOST)
    .flatMap(({ resource: { group: apiGroup, plural }, namespace, name }): Item[] => {
      const resource = cluster.find(idOf({ group: apiGroup, plural }));
      if (!resource) return [];
      const id = idOf(resource);
      const key = namespace ? `${namespace}/${name}` : name;
      const kind = kindFor(resource);
      return [{ id: `found ${id} ${key}`, group, text: name, mono: true, icon: kind.icon, word: kind.one, note: namespace, run: () => router.openList(cluster.name, id, { sel: key, ns: [] }) }];
    });
}

/** How far the search of everything is, and what it could not read; `left` kinds were too many for it. */
export function progressOf(found: Found, left: number): string {
  if (found.read < found.kinds) return `reading ${found.read} of ${found.kinds} kinds`;
  const missing = found.missing.length ? `; not searched: ${found.missing.map(({ namespace }) => namespace).join(", ")}` : "";
  const more = left ? `; ${grouped(left)} more ${left === 1 ? "kind is" : "kinds are"} too many for one search` : "";
  return `${grouped(found.total)} found in ${found.kinds} kinds${missing}${more}`;
}
