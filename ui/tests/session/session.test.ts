import { describe, expect, it } from "vitest";
import type { ProviderInfo, Session } from "../../src/app/types";
import { endedLogins, endingSoon, outOfDate } from "../../src/session/ending";
import { lastTimeWords, readLastTime } from "../../src/session/last-time";
import { inOrder, type OwnSession } from "../../src/session/own-sessions.svelte";
import { samePerson } from "../../src/session/person";
import { verdictOf } from "../../src/session/verdict";
import { endedWords } from "../../src/shell/ended-words";

const NOW = 1_800_000_000;

const provider = (id: string, changes: Partial<ProviderInfo> = {}): ProviderInfo => ({ id, name: id, issuer: `https://${id}`, signed_in: true, expires_at: NOW + 3600, renewable: true, account: `${id}-anna`, ...changes });
const signedOutAt = (id: string): ProviderInfo => provider(id, { signed_in: false, expires_at: null, renewable: null, account: null });

function session(providers: readonly ProviderInfo[], changes: Partial<Session> = {}): Session {
  const account = providers.find((one) => one.account)?.account ?? "";
  return { signed_in: true, user: { name: "anna", email: "", groups: [], account }, providers, clusters: [], expires_at: NOW + 86_400, doctor: false, sign_in: null, ...changes };
}

describe("the person who is signed in now", () => {
  const anna = session([provider("a")]);
  it("is the same by what the provider says, whatever the name", () => {
    expect(samePerson(anna, session([provider("a")], { user: { name: "Anna L.", email: "x", groups: [], account: "a-anna" } }))).toBe(true);
  });
  it("is another one of the same name", () => {
    expect(samePerson(anna, session([provider("a", { account: "a-ben" })]))).toBe(false);
  });
  it("is the same when one of several sign-ins is missing", () => {
    expect(samePerson(session([provider("a"), provider("b")]), session([signedOutAt("a"), provider("b")]))).toBe(true);
  });
  it("is another one when any of several sign-ins is", () => {
    expect(samePerson(session([provider("a"), provider("b")]), session([provider("a"), provider("b", { account: "b-ben" })]))).toBe(false);
  });
  it("can't be taken for the same at another provider", () => {
    expect(samePerson(anna, session([signedOutAt("a"), provider("b")]))).toBe(false);
  });
  it("is told apart by the token that was pasted", () => {
    const pasted = (account: string, name = ""): Session => session([], { user: { name, email: "", groups: [], account } });
    expect(samePerson(pasted("t-1"), pasted("t-1"))).toBe(true);
    expect(samePerson(pasted("t-1"), pasted("t-2"))).toBe(false);
    expect(samePerson(pasted("t-1"), pasted(""))).toBe(false);
    expect(samePerson(pasted("", "anna"), pasted("", "ben"))).toBe(false);
    expect(samePerson(pasted(""), pasted(""))).toBe(true);
  });
});

describe("what an answer means for an open page", () => {
  const anna = session([provider("a")]);
  const nobody = session([signedOutAt("a")], { signed_in: false, user: null });
  it("is taken as it is when nobody was signed in", () => {
    expect(verdictOf(null, anna, null, NOW)).toBe("take");
    expect(verdictOf(nobody, anna, "a", NOW)).toBe("take");
  });
  it("ends the session when nobody is any more", () => {
    expect(verdictOf(anna, nobody, "a", NOW)).toBe("over");
  });
  it("never goes on as somebody else", () => {
    expect(verdictOf(anna, session([provider("a", { account: "a-ben" })]), "a", NOW)).toBe("stranger");
  });
  it("waits while the sign-in that is needed here is over, and only for that", () => {
    const worn = session([provider("a", { renewable: false, expires_at: NOW - 1 }), provider("b")]);
    const was = session([provider("a"), provider("b")]);
    expect(verdictOf(was, worn, "a", NOW)).toBe("wait");
    expect(verdictOf(was, worn, "b", NOW)).toBe("go-on");
    expect(verdictOf(was, worn, null, NOW)).toBe("go-on");
  });
  it("waits for nothing that can be renewed", () => {
    expect(verdictOf(anna, session([provider("a", { expires_at: NOW - 1 })]), "a", NOW)).toBe("go-on");
  });
});

describe("the end of a sign-in", () => {
  it("is worth a line some minutes before", () => {
    expect(endingSoon(session([provider("a")], { expires_at: NOW + 301 }), NOW)).toBeNull();
    expect(endingSoon(session([provider("a")], { expires_at: NOW + 299 }), NOW)).toEqual({ at: NOW + 299, provider: null });
    expect(endingSoon(session([provider("a")], { expires_at: NOW - 1 }), NOW)).toBeNull();
  });
  it("is that of a sign-in that is renewed no more, when that comes first", () => {
    const worn = provider("a", { renewable: false, expires_at: NOW + 100 });
    expect(endingSoon(session([worn], { expires_at: NOW + 200 }), NOW)).toEqual({ at: NOW + 100, provider: "a" });
  });
  it("is no news while it can be renewed", () => {
    expect(endingSoon(session([provider("a", { expires_at: NOW + 10 })]), NOW)).toBeNull();
  });
  it("is nobody's who is not signed in", () => {
    expect(endingSoon(null, NOW)).toBeNull();
    expect(endingSoon(session([], { signed_in: false, expires_at: NOW + 10 }), NOW)).toBeNull();
  });
  it("has come for sign-ins that are past it for good", () => {
    const all = session([provider("a", { renewable: false, expires_at: NOW - 1 }), provider("b", { expires_at: NOW - 1 }), signedOutAt("c")]);
    expect(endedLogins(all, NOW)).toEqual(["a"]);
  });
  it("makes what is known out of date", () => {
    expect(outOfDate(session([provider("a", { expires_at: NOW + 300 })]), NOW)).toBe(false);
    expect(outOfDate(session([provider("a", { expires_at: NOW + 40 })]), NOW)).toBe(true);
    expect(outOfDate(session([provider("a", { renewable: false, expires_at: NOW + 40 })]), NOW)).toBe(false);
    expect(outOfDate(session([provider("a")], { expires_at: NOW }), NOW)).toBe(true);
    expect(outOfDate(session([], { signed_in: false, expires_at: NOW }), NOW)).toBe(false);
  });
  it("is said in a sentence", () => {
    const ended = (code: string): { code: string; message: string; at: number } => ({ code, message: "", at: NOW });
    expect(endedWords(ended("session.sign_in_again"), null, "Keycloak")).toContain("Keycloak does not renew it");
    expect(endedWords(ended("session.ended"), { expires_at: NOW + 1 }, "")).toContain("longest time");
    expect(endedWords(ended("session.ended"), { expires_at: NOW + 999 }, "")).toContain("ended elsewhere");
  });
});

describe("how it ended last time", () => {
  it("is read from what was kept, and nothing else is", () => {
    expect(readLastTime('{"code":"signed-out","message":"Bye."}')).toEqual({ code: "signed-out", message: "Bye." });
    for (const kept of ["", "null", "7", "[]", '{"code":1,"message":""}', '{"code":"x"}']) expect(readLastTime(kept)).toBeNull();
  });
  it("has words of its own for what one did oneself", () => {
    expect(lastTimeWords({ code: "signed-out", message: "Keycloak keeps its session." })).toMatchObject({ calm: true, detail: "Keycloak keeps its session." });
    expect(lastTimeWords({ code: "session.ended", message: "" })).toMatchObject({ calm: false });
    expect(lastTimeWords({ code: "session.sign_in_again", message: "" }).title).toBe("Your sign-in ran out.");
  });
});

describe("one's own sessions", () => {
  it("begin with this browser's, then what was used last", () => {
    const one = (id: string, last_seen: number, current = false): OwnSession => ({ id, current, device: "", user_agent: "", created_at: 0, last_seen, expires_at: 0, providers: [] });
    expect(inOrder([one("a", 1), one("b", 3), one("c", 2, true)]).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  });
});
