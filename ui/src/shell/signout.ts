/** Signing out leaves nothing of the session in this tab, nor in the others. */
import { baseURL } from "../api/client";
import { router } from "../app/router.svelte";
import { tabs } from "../app/tabs";
import { dock } from "../dock/dock.svelte";
import { live } from "../live/client.svelte";
import { rememberLastTime } from "../session/last-time";
import { session } from "../session/session.svelte";
import { clusters } from "./cluster.svelte";

export async function signOut(): Promise<void> {
  const { redirect, message } = await session.signOut();
  tabs.tell("signed-out");
  dropAll();
  if (redirect === null) rememberLastTime({ code: "signed-out", message: message ?? "" });
  // A full navigation drops whatever else a view may still hold.
  location.assign(redirect ?? baseURL().href);
}

/** Another tab signed out: this one shows nothing of the session from now on. */
export function leaveWithOthers(): void {
  tabs.on("signed-out", () => {
    if (!session.current?.signed_in) return;
    session.forget();
    dropAll();
    rememberLastTime({ code: "signed-out-elsewhere", message: "" });
    location.reload();
  });
}

/** Somebody else is signed in: the page starts again as theirs, with nothing of what was chosen or typed here. */
export function startAnew(): void {
  const { cluster, resource } = router.route;
  session.forget();
  dropAll();
  location.replace(cluster ? router.listHref(cluster, resource, { ns: [] }) : baseURL().href);
}

function dropAll(): void {
  dock.closeAll();
  live.end();
  clusters.clear();
}
