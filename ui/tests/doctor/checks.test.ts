import { describe, expect, it } from "vitest";
import { checkWords, grouped, summaryWords, worst, type Check, type CheckState } from "../../src/doctor/checks.svelte";

const check = (id: string, state: CheckState, subject = ""): Check => ({ id, title: id, state, found: "", why: "", remedy: "", subject });

describe("the checks", () => {
  it("stand in groups by part of the chain and by what was looked at, in the order of the chain", () => {
    const groups = grouped([check("settings.a", "ok"), check("provider.tls", "failed", "https://a"), check("provider.tls", "ok", "https://b"), check("provider.keys", "ok", "https://a"), check("new.part", "skipped")]);
    expect(groups.map(({ title, subject, checks, state }) => [title, subject, checks.length, state])).toEqual([
      ["Settings", "", 1, "ok"],
      ["Identity provider", "https://a", 2, "failed"],
      ["Identity provider", "https://b", 1, "ok"],
      ["New", "", 1, "skipped"],
    ]);
  });
  it("are as good as the worst of them", () => {
    expect(worst([check("a", "ok"), check("b", "warning"), check("c", "failed")])).toBe("failed");
    expect(worst([check("a", "ok"), check("b", "skipped")])).toBe("skipped");
    expect(worst([])).toBe("ok");
  });
  it("are summed up without what there is none of", () => {
    expect(summaryWords({ ok: 14, warning: 1, failed: 2, skipped: 0 })).toBe("2 failed, 1 to look at, 14 well");
  });
  it("have a shape and a word each", () => {
    const said = (["ok", "warning", "failed", "skipped"] as const).map((state) => checkWords(state));
    expect(new Set(said.map(({ tone }) => tone)).size).toBe(4);
    expect(new Set(said.map(({ word }) => word)).size).toBe(4);
  });
});
