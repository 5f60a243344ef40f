/** What is asked for before anything is drawn: who is signed in, and what the address says will be looked at. */
import { builtIn } from "../api/built-in";
import { parseFilter, shortened } from "../list/filter";
import { live } from "../live/client.svelte";
import { LONGEST_FILTER } from "../live/limits";
import { queryOf } from "../live/query";
import { firstSight } from "../live/window";
import { session } from "../session/session.svelte";
import { clusters } from "../shell/cluster.svelte";
import { ahead, opened, places } from "./parts";
import { router } from "./router.svelte";
import { tabs } from "./tabs";

/** The server says in the page itself whether somebody is signed in; whoever is not has no rows to wait for. */
export function begin(): void {
  void session.load().then(() => {
    // Tabs that wait for a sign-in go on when one was made by way of this page.
    if (session.current?.signed_in) tabs.tell("signed-in");
  });
  const { cluster, resource, ns, q, sort, sel } = router.route;
  if (!cluster || !document.querySelector("meta[name=signed-in]")) {
    ahead(places);
    return;
  }
  const known = builtIn(resource);
  if (known) live.expect(queryOf(cluster, known, ns, parseFilter(q)), firstSight(shortened(q, LONGEST_FILTER), sort));
  void clusters.of(cluster).expect();
  if (sel) ahead(opened);
}
