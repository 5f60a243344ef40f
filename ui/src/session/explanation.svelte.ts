/** Why a cluster takes one's token or does not, claim by claim, as the server works it out. Never the token itself. */
import { json } from "../api/client";
import { asProblem, type ApiProblem } from "../api/problem";
import type { Tone } from "../app/types";

export type FindingState = "ok" | "off" | "unknown";

export interface ClaimFinding {
  /** `iss`, `aud`, `exp`, the name of a claim, or a property such as `size`. */
  readonly claim: string;
  readonly token: string;
  readonly expected: string;
  readonly state: FindingState;
  readonly why: string;
  readonly remedy: string;
}

/** `GET api/explanation` */
export interface Explanation {
  readonly cluster: string;
  readonly accepted: boolean | null;
  readonly reason: string | null;
  readonly user: { readonly username: string; readonly groups: readonly string[] } | null;
  readonly credential: {
    readonly kind: "id_token" | "access_token" | "pasted_token";
    readonly format: "jwt" | "opaque";
    readonly header: Readonly<Record<string, unknown>>;
    readonly claims: Readonly<Record<string, unknown>>;
    readonly expires_at: number | null;
    /** In bytes. */
    readonly size: number;
  };
  readonly findings: readonly ClaimFinding[];
  readonly flags: readonly string[];
  readonly authentication_configuration: string;
}

export class ExplanationReader {
  value = $state.raw<Explanation | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  asking = $state(false);
  #abort: AbortController | null = null;

  async read(cluster: string): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.asking = true;
    try {
      const value = await json<Explanation>(`api/explanation?cluster=${encodeURIComponent(cluster)}`, { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (!abort.signal.aborted) this.problem = asProblem(error);
    } finally {
      if (!abort.signal.aborted) this.asking = false;
    }
  }

  close(): void {
    this.#abort?.abort();
  }
}

const TITLES: Readonly<Record<string, string>> = {
  kind: "Kind of token",
  alg: "Signature",
  kid: "Key",
  keys: "Keys",
  iss: "Issuer",
  aud: "Audience",
  exp: "Expiry",
  nbf: "Valid from",
  iat: "Issued at",
  clock: "Clock",
  username: "User name",
  email_verified: "Verified e-mail",
  groups: "Groups",
  size: "Size",
};

/** What a finding is about, in words; a claim without words of its own is called as the token calls it. */
export function claimTitle(claim: string): string {
  return TITLES[claim] ?? claim;
}

const STATES: Readonly<Record<FindingState, { readonly tone: Tone; readonly word: string }>> = {
  off: { tone: "err", word: "differs" },
  unknown: { tone: "unk", word: "can’t tell" },
  ok: { tone: "done", word: "fits" },
};

export const findingWords = (state: FindingState): { readonly tone: Tone; readonly word: string } => STATES[state];

const KINDS = { id_token: "the ID token of this session", access_token: "the access token of this session", pasted_token: "the token that you pasted" } as const;

export function credentialWords({ kind, size }: Explanation["credential"]): string {
  return `${KINDS[kind]}, ${size < 1000 ? `${size} bytes` : `${(size / 1000).toFixed(1)} KB`}`;
}

/** The sentence below the title. */
export function summary(findings: readonly ClaimFinding[]): string {
  const off = findings.filter(({ state }) => state === "off").length;
  const rest = "signing in again would not change it.";
  if (off === 1) return `You are signed in. One thing differs between the token and the cluster; ${rest}`;
  if (off > 1) return `You are signed in. ${off} things differ between the token and the cluster; ${rest}`;
  return `You are signed in. The cluster does not take what it is shown, and does not say why; ${rest}`;
}

/** Groups that Kubernetes itself gives; nobody's role names a person by them. */
const GIVEN_BY_KUBERNETES = "system:";
const MOST_GROUPS = 5;

/** The groups that somebody put a person in. */
export const ownGroups = (groups: readonly string[]): readonly string[] => groups.filter((group) => !group.startsWith(GIVEN_BY_KUBERNETES));

/** Whom the cluster takes the user for, and what to do when no group arrived; null when that is not known. */
export function knownAs({ user, findings }: Pick<Explanation, "user" | "findings">): { readonly sentence: string; readonly remedy: string } | null {
  if (!user) return null;
  const groups = ownGroups(user.groups);
  if (groups.length === 0) {
    const missing = findings.find(({ claim, state, remedy }) => ["groups", "roles", "_claim_names"].includes(claim) && state !== "ok" && remedy);
    return { sentence: `The cluster knows you as ${user.username}, in no group.`, remedy: missing ? `${missing.why} ${missing.remedy}` : "" };
  }
  const shown = groups.slice(0, MOST_GROUPS).join(", ");
  const more = groups.length > MOST_GROUPS ? ` and ${groups.length - MOST_GROUPS} more` : "";
  return { sentence: `The cluster knows you as ${user.username}, in ${groups.length === 1 ? "the group" : "the groups"} ${shown}${more}.`, remedy: "" };
}

/** What an administrator of the cluster needs to know, as text. Nothing in it signs anybody in. */
export function report(explanation: Explanation, provider: string): string {
  const lines = [
    `Cluster: ${explanation.cluster}`,
    `Signed in with: ${provider || "a token of one's own"} (${credentialWords(explanation.credential)})`,
    `Accepted by the cluster: ${explanation.accepted === null ? "not known" : explanation.accepted ? "yes" : "no"}`,
    `The cluster's answer: ${explanation.reason ?? "none"}`,
    "",
    ...explanation.findings.flatMap(({ claim, token, expected, state, why, remedy }) => [
      `[${findingWords(state).word.replace("’", "'")}] ${claimTitle(claim)}: the token has ${token || "nothing"}; wanted is ${expected}`,
      ...(state === "ok" ? [] : [why, remedy].filter(Boolean).map((text) => `    ${text}`)),
    ]),
  ];
  if (explanation.flags.length) lines.push("", "As flags of kube-apiserver:", ...explanation.flags.map((flag) => `    ${flag}`));
  if (explanation.authentication_configuration) lines.push("", "Or as AuthenticationConfiguration:", explanation.authentication_configuration.trimEnd());
  return `${lines.join("\n")}\n`;
}
