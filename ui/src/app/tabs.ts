/** The other tabs of this page in this browser, and the window that a sign-in was made in (`static/auth.js`). */
import { baseURL } from "../api/client";

/**
 * `signed-in`, `signed-out`: it has just happened. `resuming`: a page that waited for the sign-in has heard of it, and
 * asks the server how things stand. `resumed`: it goes on.
 */
export type TabMessage = "signed-in" | "signed-out" | "resuming" | "resumed";

class Tabs {
  readonly #channel = new BroadcastChannel(`headlamp ${baseURL().pathname}`);

  tell(type: TabMessage): void {
    this.#channel.postMessage({ type });
  }

  /** Hear what the others tell; a page does not hear itself. */
  on(wanted: TabMessage, listener: () => void): void {
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "object" && data !== null && "type" in data && data.type === wanted) listener();
    });
  }
}

export const tabs = new Tabs();
