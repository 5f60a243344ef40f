/** When a sign-in ends, as far as that can be known beforehand. */
import type { Session } from "../app/types";

export interface Ending {
  /** Seconds since the epoch. */
  readonly at: number;
  /** The provider that renews no more; null when the whole session reaches its longest time. */
  readonly provider: string | null;
}

type Known = Pick<Session, "signed_in" | "providers" | "expires_at">;

/** How long before its end a session, or a sign-in that is renewed no more, is worth a line. In seconds. */
const SESSION_S = 300;
const LOGIN_S = 180;
/** By then the server has renewed a token that it can renew; if not, there is news. In seconds before its end. */
const RENEWED_BY_S = 45;

/** What ends soon, the soonest first; null when nothing does. */
export function endingSoon(session: Known | null, now: number): Ending | null {
  if (!session?.signed_in) return null;
  const endings: Ending[] = session.providers
    .filter((provider) => provider.signed_in && provider.renewable === false && provider.expires_at !== null && near(provider.expires_at, now, LOGIN_S))
    .map(({ id, expires_at }) => ({ at: expires_at ?? 0, provider: id }));
  if (session.expires_at !== null && near(session.expires_at, now, SESSION_S)) endings.push({ at: session.expires_at, provider: null });
  return endings.sort((a, b) => a.at - b.at)[0] ?? null;
}

/** Sign-ins that have ended for good although the session goes on, by provider. */
export function endedLogins(session: Known, now: number): readonly string[] {
  return session.providers.filter((provider) => provider.signed_in && provider.renewable === false && (provider.expires_at ?? Infinity) <= now).map(({ id }) => id);
}

/** Whether what is known of the session may have changed by itself. */
export function outOfDate(session: Known | null, now: number): boolean {
  if (!session?.signed_in) return false;
  const ends = session.providers.filter((provider) => provider.signed_in && provider.renewable).map(({ expires_at }) => expires_at ?? Infinity);
  return ends.some((end) => end - RENEWED_BY_S <= now) || (session.expires_at ?? Infinity) <= now;
}

function near(end: number, now: number, within: number): boolean {
  return end > now && end - now <= within;
}
