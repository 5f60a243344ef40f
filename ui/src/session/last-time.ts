/** How the last session of this tab ended, for the sign-in page: a code and a sentence of the server's, nothing else. */

export interface LastTime {
  /** `session.ended`, `session.sign_in_again`, `signed-out`, `signed-out-elsewhere`. */
  readonly code: string;
  /** A sentence of the server's; "" when there is none. */
  readonly message: string;
}

export interface LastTimeWords {
  readonly title: string;
  readonly detail: string;
  /** Nothing went wrong. */
  readonly calm: boolean;
}

const KEY = "headlamp last time";

export function rememberLastTime(last: LastTime): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(last));
  } catch {
    // Storage may be switched off; the sign-in page then says less.
  }
}

/** What was remembered, once. */
export function takeLastTime(): LastTime | null {
  try {
    const stored = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return stored === null ? null : readLastTime(stored);
  } catch {
    return null;
  }
}

export function readLastTime(stored: string): LastTime | null {
  let found: unknown;
  try {
    found = JSON.parse(stored);
  } catch {
    return null;
  }
  if (typeof found !== "object" || found === null || !("code" in found) || !("message" in found)) return null;
  const { code, message } = found;
  return typeof code === "string" && typeof message === "string" ? { code, message } : null;
}

export function lastTimeWords({ code, message }: LastTime): LastTimeWords {
  switch (code) {
    case "signed-out":
      return { title: "You are signed out.", detail: message, calm: true };
    case "signed-out-elsewhere":
      return { title: "You are signed out.", detail: message || "You signed out in another tab of this browser.", calm: true };
    case "session.sign_in_again":
      return { title: "Your sign-in ran out.", detail: "The provider did not renew it any more.", calm: false };
    default:
      return { title: "Your earlier sign-in has ended.", detail: "It ran out of time, was not used for long, or was ended elsewhere.", calm: false };
  }
}
