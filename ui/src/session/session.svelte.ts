/** Who is signed in, at which providers, and what each cluster says to it. */
import { baseURL, json, request, whenSignedOut } from "../api/client";
import { asProblem, type ApiProblem } from "../api/problem";
import type { ClusterInfo, ProviderInfo, Session } from "../app/types";

/** How one stands with a cluster. */
export type Standing = "sign-in" | "accepted" | "refused" | "unreachable" | "error" | "unknown";

export interface Ended {
  readonly code: string;
  readonly message: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

class SessionStore {
  /** Null until the first answer. */
  current = $state.raw<Session | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  /** Set when a session that the page was using is no longer there. The page stays as it is. */
  ended = $state.raw<Ended | null>(null);
  asking = $state(false);

  constructor() {
    whenSignedOut((code, message) => this.markEnded(code, message));
  }

  async load(): Promise<void> {
    this.asking = true;
    try {
      const answer = await json<Session>("api/session");
      const was = this.current?.signed_in ?? false;
      if (was && !answer.signed_in) this.markEnded("session.ended", "");
      else {
        this.current = answer;
        if (answer.signed_in) this.ended = null;
      }
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.asking = false;
    }
  }

  markEnded(code: string, message: string): void {
    // Somebody who was never signed in sees the sign-in page instead of a banner.
    if (!this.current?.signed_in || this.ended) return;
    this.ended = { code, message, at: Date.now() / 1000 };
  }

  cluster(name: string): ClusterInfo | null {
    return this.current?.clusters.find((cluster) => cluster.name === name) ?? null;
  }

  /** The provider to sign in at for a cluster; the only one there is when the cluster is not known yet. */
  providerOf(name: string): ProviderInfo | null {
    const session = this.current;
    if (!session) return null;
    const cluster = this.cluster(name);
    if (cluster) return session.providers.find((provider) => provider.id === cluster.provider) ?? null;
    return session.providers.length === 1 ? (session.providers[0] ?? null) : null;
  }

  standing(name: string): Standing {
    const session = this.current;
    if (!session) return "unknown";
    const cluster = this.cluster(name);
    if (cluster?.accepted === true) return "accepted";
    if (cluster?.accepted === false) return needsSignIn(session, cluster) ? "sign-in" : "refused";
    if (!cluster) return session.signed_in || session.providers.length === 0 ? "unknown" : "sign-in";
    if (needsSignIn(session, cluster)) return "sign-in";
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

  /** Give a cluster a bearer token of one's own. */
  async useToken(cluster: string, token: string): Promise<void> {
    await request(`clusters/${encodeURIComponent(cluster)}/set-token`, { method: "POST", body: { token } });
    await this.load();
  }

  /** End the session at the server. Answers where the provider ends its own session, or null. */
  async signOut(): Promise<string | null> {
    const answer = await json<{ redirect: string | null }>("api/session", { method: "DELETE" });
    this.current = null;
    this.ended = null;
    return answer.redirect;
  }
}

function needsSignIn(session: Session, cluster: ClusterInfo): boolean {
  if (cluster.provider === null) return !session.signed_in && cluster.accepted !== true && session.providers.length > 0;
  const provider = session.providers.find(({ id }) => id === cluster.provider);
  return provider !== undefined && !provider.signed_in && cluster.accepted !== true;
}

export const session = new SessionStore();

/** The same colour for the same cluster in every browser: one of four, by its name. */
export function clusterColour(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % 4;
}
