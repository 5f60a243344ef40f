import { describe, expect, it } from "vitest";
import { pieces } from "../../src/app/prose";
import { claimTitle, credentialWords, findingWords, knownAs, report, summary, type ClaimFinding, type Explanation } from "../../src/session/explanation.svelte";

const finding = (claim: string, state: ClaimFinding["state"]): ClaimFinding => ({ claim, token: "headlamp", expected: "kubernetes", state, why: "It differs.", remedy: "Add it." });

const explanation: Explanation = {
  cluster: "prod",
  accepted: false,
  reason: "401",
  user: null,
  credential: { kind: "id_token", format: "jwt", header: { alg: "RS256" }, claims: {}, expires_at: null, size: 11_800 },
  findings: [finding("aud", "off"), finding("alg", "ok")],
  flags: ["--oidc-client-id=headlamp"],
  authentication_configuration: "kind: AuthenticationConfiguration\n",
};

describe("the explanation of a refusal", () => {
  it("counts what differs, and never advises to sign in again", () => {
    expect(summary([finding("aud", "off")])).toContain("One thing differs");
    expect(summary([finding("aud", "off"), finding("iss", "off")])).toContain("2 things differ");
    expect(summary([finding("aud", "unknown")])).toContain("does not say why");
    for (const findings of [[], [finding("aud", "off")]]) expect(summary(findings)).toContain("signing in again would not change it");
  });
  it("says each state by a shape and a word", () => {
    const said = (["ok", "off", "unknown"] as const).map((state) => findingWords(state));
    expect(new Set(said.map(({ tone }) => tone)).size).toBe(3);
    expect(new Set(said.map(({ word }) => word)).size).toBe(3);
  });
  it("calls claims by their names, and others as the token does", () => {
    expect([claimTitle("aud"), claimTitle("_claim_names")]).toEqual(["Audience", "_claim_names"]);
  });
  it("tells which token it is about", () => {
    expect(credentialWords(explanation.credential)).toBe("the ID token of this session, 11.8 KB");
    expect(credentialWords({ ...explanation.credential, kind: "pasted_token", size: 900 })).toBe("the token that you pasted, 900 bytes");
  });
  it("makes a report with what to do where something differs, and no more", () => {
    const text = report(explanation, "Keycloak");
    expect(text).toContain("[differs] Audience: the token has headlamp; wanted is kubernetes\n    It differs.\n    Add it.");
    expect(text).toContain("[fits] Signature: the token has headlamp; wanted is kubernetes\n\n");
    expect(text).toContain("    --oidc-client-id=headlamp");
    expect(text).toContain("kind: AuthenticationConfiguration");
  });
});

describe("prose of the server's", () => {
  it("has what one types between backticks", () => {
    expect(pieces("Set `a` and `b`.")).toEqual([
      { words: "Set ", code: false },
      { words: "a", code: true },
      { words: " and ", code: false },
      { words: "b", code: true },
      { words: ".", code: false },
    ]);
  });
  it("keeps a backtick that has no other half", () => {
    expect(pieces("a `b` c ` d")).toEqual([
      { words: "a ", code: false },
      { words: "b", code: true },
      { words: " c ` d", code: false },
    ]);
    expect(pieces("")).toEqual([]);
  });
});

describe("whom the cluster takes the user for", () => {
  const as = (...groups: string[]) => ({ username: "dex:bob", groups: ["system:authenticated", ...groups] });
  it("is not told where the cluster did not say", () => {
    expect(knownAs({ user: null, findings: [] })).toBeNull();
  });
  it("names groups that somebody gave, and not those that everybody has", () => {
    expect(knownAs({ user: as("dex:viewers"), findings: [] })).toEqual({ sentence: "The cluster knows you as dex:bob, in the group dex:viewers.", remedy: "" });
    expect(knownAs({ user: as("a", "b", "c", "d", "e", "f", "g"), findings: [] })?.sentence).toBe("The cluster knows you as dex:bob, in the groups a, b, c, d, e and 2 more.");
  });
  it("tells how to get groups where none arrived", () => {
    const missing: ClaimFinding = { ...finding("groups", "unknown"), why: "Without the claim.", remedy: "Ask for the scope groups." };
    expect(knownAs({ user: as(), findings: [missing] })).toEqual({ sentence: "The cluster knows you as dex:bob, in no group.", remedy: "Without the claim. Ask for the scope groups." });
    expect(knownAs({ user: as(), findings: [finding("groups", "ok")] })?.remedy).toBe("");
  });
});
