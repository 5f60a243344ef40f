/** Why a sign-in ended, in a sentence; "" when nothing is known beyond that it did. */
import type { Session } from "../app/types";
import type { Ended } from "../session/session.svelte";

export function endedWords(ended: Ended, was: Pick<Session, "expires_at"> | null, provider: string): string {
  if (ended.code === "session.sign_in_again") return `${provider || "The provider"} does not renew it any more.`;
  if (was?.expires_at && was.expires_at <= ended.at + 2) return "It had reached its longest time.";
  return "It was ended elsewhere, or was not used for long.";
}
