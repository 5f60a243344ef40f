/** What is asked for before anything is drawn: the address says which list will be looked at. */
import { builtIn } from "../api/built-in";
import { parseFilter } from "../list/filter";
import { live } from "../live/client.svelte";
import { queryOf } from "../live/query";
import { firstSight } from "../live/window";
import { router } from "./router.svelte";

/** The server says in the page itself whether somebody is signed in; whoever is not has no rows to wait for. */
export function begin(): void {
  if (!document.querySelector("meta[name=signed-in]")) return;
  const { cluster, resource, ns, q, sort } = router.route;
  const known = cluster ? builtIn(resource) : null;
  if (known) live.expect(queryOf(cluster, known, ns, parseFilter(q)), firstSight(q, sort));
}
