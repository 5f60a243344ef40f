/** How one stands with a cluster, in plain words. */
import type { Tone } from "../app/types";
import type { Standing } from "./session.svelte";

export interface StandingWords {
  readonly tone: Tone;
  readonly short: string;
  readonly long: string;
}

const WORDS: Readonly<Record<Standing, StandingWords>> = {
  accepted: { tone: "ok", short: "accepted", long: "Accepts your sign-in" },
  "sign-in": { tone: "unk", short: "sign in", long: "Needs a sign-in" },
  refused: { tone: "err", short: "refused", long: "Does not accept your sign-in" },
  unreachable: { tone: "warn", short: "no answer", long: "Does not answer" },
  error: { tone: "warn", short: "error", long: "Could not be asked" },
  unknown: { tone: "unk", short: "not asked", long: "Not asked yet" },
};

export const standingWords = (standing: Standing): StandingWords => WORDS[standing];
