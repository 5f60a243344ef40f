/** The checks of the whole chain, as the server runs them for those who may see them. */
import { json } from "../api/client";
import { asProblem, type ApiProblem } from "../api/problem";
import type { Tone } from "../app/types";

export type CheckState = "ok" | "warning" | "failed" | "skipped";

export interface Check {
  /** Dotted, its group first: `provider.tls`. */
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  /** What is. */
  readonly found: string;
  /** Why it matters. */
  readonly why: string;
  /** What to type. */
  readonly remedy: string;
  /** A provider's issuer, a cluster's name, an address; "" for the installation as a whole. */
  readonly subject: string;
}

/** `GET api/doctor` */
export interface Report {
  readonly checks: readonly Check[];
  readonly summary: Readonly<Record<CheckState, number>>;
}

export interface CheckGroup {
  readonly key: string;
  readonly title: string;
  readonly subject: string;
  readonly checks: readonly Check[];
  /** The worst of them. */
  readonly state: CheckState;
}

export class Doctor {
  report = $state.raw<Report | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  /** Since when the checks run, in milliseconds of `performance.now()`; 0 when they don't. */
  runningSince = $state(0);
  /** When the report was made, in seconds since the epoch. */
  at = $state(0);
  #abort: AbortController | null = null;

  async run(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.runningSince = performance.now();
    try {
      const report = await json<Report>("api/doctor", { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.report = report;
      this.at = Date.now() / 1000;
      this.problem = null;
    } catch (error) {
      if (!abort.signal.aborted) this.problem = asProblem(error);
    } finally {
      if (!abort.signal.aborted) this.runningSince = 0;
    }
  }

  close(): void {
    this.#abort?.abort();
  }
}

const STATES: Readonly<Record<CheckState, { readonly tone: Tone; readonly word: string }>> = {
  failed: { tone: "err", word: "failed" },
  warning: { tone: "warn", word: "look at it" },
  skipped: { tone: "unk", word: "not checked" },
  ok: { tone: "ok", word: "well" },
};
const WORST_FIRST: readonly CheckState[] = ["failed", "warning", "skipped", "ok"];

const TITLES: Readonly<Record<string, string>> = {
  settings: "Settings",
  sessions: "Sessions",
  registration: "Registration",
  ingress: "Ingress",
  provider: "Identity provider",
  cluster: "Cluster",
  token: "Token",
};

export const checkWords = (state: CheckState): { readonly tone: Tone; readonly word: string } => STATES[state];

/** By part of the chain and by what was looked at, in the order in which the server tells them. */
export function grouped(checks: readonly Check[]): CheckGroup[] {
  const groups = new Map<string, Check[]>();
  for (const check of checks) {
    const key = `${check.id.split(".")[0] ?? ""}\n${check.subject}`;
    const known = groups.get(key);
    if (known) known.push(check);
    else groups.set(key, [check]);
  }
  return [...groups].map(([key, members]) => {
    const [group = "", subject = ""] = key.split("\n");
    return { key, title: TITLES[group] ?? group.charAt(0).toUpperCase() + group.slice(1), subject, checks: members, state: worst(members) };
  });
}

export function worst(checks: readonly Pick<Check, "state">[]): CheckState {
  return WORST_FIRST.find((state) => checks.some((check) => check.state === state)) ?? "ok";
}

/** `2 failed, 1 to look at, 14 well`; what there is none of is left out. */
export function summaryWords(summary: Report["summary"]): string {
  const parts: readonly (readonly [number, string])[] = [
    [summary.failed, "failed"],
    [summary.warning, "to look at"],
    [summary.ok, "well"],
    [summary.skipped, "not checked"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");
}
