/** What an answer of `GET api/session` means for a page that is open already. */
import type { Session } from "../app/types";
import { endedLogins } from "./ending";
import { samePerson } from "./person";

/**
 * `take`: nobody was signed in before, so there is nothing to compare. `over`: the session is gone. `stranger`: somebody
 * else is signed in. `wait`: the session is there, but not the sign-in that is needed here. `go-on`: all is well.
 */
export type Verdict = "take" | "over" | "stranger" | "wait" | "go-on";

/** `needed` is the provider that the cluster on the page refers to, null when it needs none. `now` is in seconds. */
export function verdictOf(was: Session | null, answer: Session, needed: string | null, now: number): Verdict {
  if (!was?.signed_in) return "take";
  if (!answer.signed_in) return "over";
  if (!samePerson(was, answer)) return "stranger";
  return needed !== null && endedLogins(answer, now).includes(needed) ? "wait" : "go-on";
}
