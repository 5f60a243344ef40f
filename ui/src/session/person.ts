/** Is it the same person who is signed in now? Told apart by what the provider says, never by a name. */
import type { Session } from "../app/types";

type Who = Pick<Session, "user" | "providers">;

export function samePerson(was: Who, now: Who): boolean {
  const accounts = new Map(was.providers.map(({ id, account }) => [id, account]));
  const common = now.providers.filter(({ id, account }) => account !== null && (accounts.get(id) ?? null) !== null);
  if (common.length > 0) return common.every(({ id, account }) => accounts.get(id) === account);
  const before = was.user?.account ?? "";
  const after = now.user?.account ?? "";
  if (before !== "" || after !== "") return before === after;
  // Tokens that say nothing of whom they are for: the same only when nothing at all tells them apart.
  return (was.user?.name ?? "") === (now.user?.name ?? "") && (was.user?.email ?? "") === (now.user?.email ?? "");
}

/** What to call somebody in a sentence. */
export function nameOf(session: Pick<Session, "user"> | null): string {
  return session?.user?.name || session?.user?.email || "somebody else";
}
