/** Signing in again without leaving the page: in a window of its own, which tells when it is done. */
import { baseURL } from "../api/client";
import { tabs } from "../app/tabs";
import { router } from "../app/router.svelte";
import { endedLogins } from "./ending";
import { clock } from "../app/clock.svelte";
import { session } from "./session.svelte";
import type { Session } from "../app/types";

/** The provider to sign in at again: that of the cluster on the page, else one where the sign-in is over, else any. */
export function providerAgain(known: Session | null, needed: string | null, now: number): string | null {
  if (!known) return null;
  const was = known.providers.filter(({ signed_in }) => signed_in).map(({ id }) => id);
  if (needed !== null) return needed;
  return endedLogins(known, now)[0] ?? was[0] ?? (known.providers.length === 1 ? (known.providers[0]?.id ?? null) : null);
}

class SignInAgain {
  /** The window is there, or was: the page waits for it. */
  open = $state(false);
  /** The browser did not let a window be opened; a link in a new tab does the same. */
  blocked = $state(false);

  constructor() {
    tabs.on("signed-in", () => void this.#come());
    for (const event of ["focus", "visibilitychange"] as const) {
      (event === "focus" ? window : document).addEventListener(event, () => {
        if (!document.hidden && (session.ended || session.current?.signed_in === false)) void session.load();
      });
    }
  }

  /** The provider that a press on *Sign in again* goes to; null when there is none, and a token is the way in. */
  get provider(): string | null {
    return providerAgain(session.current, session.cluster(router.route.cluster)?.provider ?? null, clock.now);
  }

  /** It names no place to come back to, and so ends on `/auth`. */
  href(provider: string, prompt = ""): string {
    const url = new URL("oidc", baseURL());
    url.searchParams.set("provider", provider);
    if (prompt) url.searchParams.set("prompt", prompt);
    return url.href;
  }

  /** Open the window. Only ever called by a press: nothing signs anybody in by itself. */
  start(provider: string, prompt = ""): void {
    const opened = window.open(this.href(provider, prompt), "headlamp-sign-in", "popup,width=520,height=720");
    this.open = opened !== null;
    this.blocked = opened === null;
  }

  async #come(): Promise<void> {
    const waited = session.ended !== null || session.current?.signed_in === false || this.open;
    if (!waited) return;
    tabs.tell("resuming");
    await session.load();
    if (session.ended && !session.stranger) return;
    this.open = false;
    this.blocked = false;
    tabs.tell("resumed");
  }
}

export const again = new SignInAgain();
