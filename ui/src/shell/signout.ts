/** Signing out leaves nothing of the session in this tab. */
import { baseURL } from "../api/client";
import { dock } from "../dock/dock.svelte";
import { live } from "../live/client.svelte";
import { session } from "../session/session.svelte";
import { clusters } from "./cluster.svelte";

export async function signOut(): Promise<void> {
  dock.closeAll();
  live.end();
  clusters.clear();
  const redirect = await session.signOut();
  // A full navigation drops whatever else a view may still hold.
  location.assign(redirect ?? baseURL().href);
}
