/** Who is signed in, at which providers, and what each cluster says to it. */
import { baseURL, json, request, whenSignedOut } from "../api/client";
import { held } from "../api/held";
import { ApiProblem, asProblem } from "../api/problem";
import { clock } from "../app/clock.svelte";
import { router } from "../app/router.svelte";
import type { ClusterInfo, ProviderInfo, Session } from "../app/types";
import { endedLogins } from "./ending";
import { takeLastTime, rememberLastTime, type LastTime } from "./last-time";
import { verdictOf } from "./verdict";

/** How one stands with a cluster. */
export type Standing = "sign-in" | "accepted" | "refused" | "unreachable" | "error" | "unknown";

export interface Ended {
  readonly code: string;
  readonly message: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** What the server says to a sign-out: where the provider ends its own session, or what to tell when nowhere. */
export interface Farewell {
  readonly redirect: string | null;
  readonly message: string | null;
}

/** A session that is found to be good and is refused again this soon is not asked about once more by itself. */
const AGAIN_S = 10;

class SessionStore {
  /** Null until the first answer. */
  current = $state.raw<Session | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  /** Set when a session that the page was using is no longer there. The page stays as it is, and sends nothing. */
  ended = $state.raw<Ended | null>(null);
  /** Somebody else who signed in where this page was another person's; what is on it is not sent on as theirs. */
  stranger = $state.raw<Session | null>(null);
  asking = $state(false);
  /** How the session before this one ended, for the sign-in page. */
  readonly lastTime: LastTime | null = takeLastTime() ?? endedBefore();
  /** By the server's clock; a sign-in that ends later changes nothing on the page by itself. */
  #answeredAt = 0;
  #leaving = false;
  #resumedAt = -Infinity;

  constructor() {
    whenSignedOut((code, message) => this.markEnded(code, message));
  }

  /** Ask who is signed in now, and go on if it is who it was. */
  async load(): Promise<void> {
    this.asking = true;
    try {
      this.#take(await json<Session>("api/session", { evenHeld: true }));
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.asking = false;
    }
  }

  /** The server no longer takes the session. It may have another one already, made in another tab: that is asked. */
  markEnded(code: string, message: string): void {
    // Somebody who was never signed in sees the sign-in page instead of a banner.
    if (!this.current?.signed_in || this.#leaving || this.ended) return;
    this.#end(code, message);
    if (clock.now - this.#resumedAt > AGAIN_S) void this.load();
  }

  cluster(name: string): ClusterInfo | null {
    return this.current?.clusters.find((cluster) => cluster.name === name) ?? null;
  }

  provider(id: string | null): ProviderInfo | null {
    return this.current?.providers.find((provider) => provider.id === id) ?? null;
  }

  /** The provider to sign in at for a cluster; the only one there is when the cluster is not known yet. */
  providerOf(name: string): ProviderInfo | null {
    const session = this.current;
    if (!session) return null;
    const cluster = this.cluster(name);
    if (cluster) return this.provider(cluster.provider);
    return session.providers.length === 1 ? (session.providers[0] ?? null) : null;
  }

  standing(name: string): Standing {
    const session = this.current;
    if (!session) return "unknown";
    const cluster = this.cluster(name);
    if (cluster?.accepted === true) return "accepted";
    if (cluster?.accepted === false) return needsSignIn(session, cluster, this.#answeredAt) ? "sign-in" : "refused";
    if (!cluster) return session.signed_in || session.providers.length === 0 ? "unknown" : "sign-in";
    if (needsSignIn(session, cluster, this.#answeredAt)) return "sign-in";
    return cluster.reason ? (/answer|reach|connect|time/i.test(cluster.reason) ? "unreachable" : "error") : "unknown";
  }

  /** Where a full-page sign-in starts; it ends at `returnTo` (path and query). */
  signInHref(cluster: string, returnTo: string, provider = ""): string {
    const url = new URL("oidc", baseURL());
    if (cluster) url.searchParams.set("cluster", cluster);
    else if (provider) url.searchParams.set("provider", provider);
    url.searchParams.set("return_to", returnTo);
    return url.href;
  }

  /** Give a cluster a bearer token of one's own. Raises `ApiProblem`; never under another person's session. */
  async useToken(cluster: string, token: string): Promise<void> {
    if (this.ended) await this.load();
    if (this.stranger) held.refuse();
    await request(`clusters/${encodeURIComponent(cluster)}/set-token`, { method: "POST", body: { token }, evenHeld: true });
    await this.load();
  }

  /** End the session at the server. Raises `ApiProblem` when that did not work, and then nothing has changed. */
  async signOut(): Promise<Farewell> {
    this.#leaving = true;
    try {
      const farewell = await json<Farewell>("api/session", { method: "DELETE", evenHeld: true });
      this.forget();
      return farewell;
    } catch (error) {
      this.#leaving = false;
      throw error;
    }
  }

  /** Nobody is signed in any more, and nothing of it stays on the page. */
  forget(): void {
    this.#leaving = true;
    held.hold();
    this.current = null;
    this.ended = null;
    this.stranger = null;
  }

  #take(answer: Session): void {
    if (this.#leaving) return;
    const needed = this.cluster(router.route.cluster)?.provider ?? null;
    switch (verdictOf(this.current, answer, needed, clock.now)) {
      case "take":
        this.#answeredAt = clock.now;
        this.current = answer;
        break;
      case "over":
        if (!this.ended || this.ended.code !== "session.ended") this.#end("session.ended", "");
        break;
      case "stranger":
        if (!this.ended) this.#end("session.ended", "");
        this.stranger = answer;
        break;
      case "wait":
        if (!this.ended) this.#end("session.sign_in_again", "");
        this.stranger = null;
        break;
      case "go-on":
        this.#answeredAt = clock.now;
        this.current = answer;
        this.stranger = null;
        this.#resume();
    }
  }

  #end(code: string, message: string): void {
    held.hold();
    this.stranger = null;
    this.ended = { code, message, at: clock.now };
    rememberLastTime({ code, message: "" });
  }

  #resume(): void {
    if (!this.ended) return;
    this.ended = null;
    this.#resumedAt = clock.now;
    takeLastTime();
    held.release();
  }
}

/** The server saw the cookie of a session that is over when it delivered this page. */
function endedBefore(): LastTime | null {
  const found = document.querySelector<HTMLMetaElement>("meta[name=earlier-session]");
  return found?.content === "ended" ? { code: "session.ended", message: "" } : null;
}

function needsSignIn(session: Session, cluster: ClusterInfo, now: number): boolean {
  if (cluster.provider === null) return !session.signed_in && cluster.accepted !== true && session.providers.length > 0;
  const provider = session.providers.find(({ id }) => id === cluster.provider);
  if (provider === undefined || cluster.accepted === true) return false;
  return !provider.signed_in || endedLogins(session, now).includes(provider.id);
}

export const session = new SessionStore();

/** The same colour for the same cluster in every browser: one of four, by its name. */
export function clusterColour(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % 4;
}
