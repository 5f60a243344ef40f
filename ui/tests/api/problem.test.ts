import { describe, expect, it } from "vitest";
import { missingRule, problemFrom } from "../../src/api/problem";

describe("problems", () => {
  it("name the rule that a denied request lacks", () => {
    expect(missingRule('pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "prod"')).toBe("list pods in prod");
    expect(missingRule('User "x" cannot get resource "deployments" in API group "apps" at the cluster scope')).toBe("get deployments.apps in the whole cluster");
    expect(missingRule("no")).toBeNull();
  });
  it("are read from a Status of the API server's", () => {
    const problem = problemFrom(403, { kind: "Status", reason: "Forbidden", message: 'cannot list resource "pods" in API group "" in the namespace "a"' }, null);
    expect(problem.title).toBe("You may not list pods in a");
    expect(problem.code).toBe("Forbidden");
  });
  it("are read from our server's own", () => {
    expect(problemFrom(401, { kind: "Status", message: "Your sign-in has run out." }, "session.sign_in_again").title).toBe("Your sign-in has ended");
    expect(problemFrom(401, { kind: "Status", message: "Unauthorized", reason: "Unauthorized" }, null).title).toBe("The cluster does not accept this sign-in");
    expect(problemFrom(401, { title: "Sign in again", code: "session.sign_in_again", detail: "It ended.", remedy: "Press it.", reference: "4F7K" }, null)).toMatchObject({ title: "Sign in again", code: "session.sign_in_again", message: "It ended.", remedy: "Press it.", reference: "4F7K" });
  });
  it("have plain words when the answer has none", () => {
    expect(problemFrom(502, null, null).title).toBe("The cluster does not answer");
  });
});
