/** One's own sessions, in whatever browser. */
import { json } from "../api/client";
import { asProblem, type ApiProblem } from "../api/problem";

/** An entry of `GET api/sessions`. Times are in seconds since the epoch. */
export interface OwnSession {
  readonly id: string;
  /** The one of this very browser. */
  readonly current: boolean;
  /** Browser and system, in words. */
  readonly device: string;
  readonly user_agent: string;
  readonly created_at: number;
  readonly last_seen: number;
  readonly expires_at: number;
  readonly providers: readonly string[];
}

export class OwnSessions {
  items = $state.raw<readonly OwnSession[] | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  /** The one that is being ended. */
  ending = $state("");

  async load(): Promise<void> {
    try {
      this.items = inOrder((await json<{ sessions: readonly OwnSession[] }>("api/sessions")).sessions);
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  /** End one of the others. Answers whether that worked. */
  async end(id: string): Promise<boolean> {
    this.ending = id;
    try {
      await json(`api/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
      this.problem = null;
      return true;
    } catch (error) {
      const problem = asProblem(error);
      // Somebody was faster: what was wanted is so.
      if (problem.status === 404) return true;
      this.problem = problem;
      return false;
    } finally {
      this.ending = "";
      const kept = this.problem;
      await this.load();
      this.problem ??= kept;
    }
  }
}

/** This browser's first, then what was used last. */
export function inOrder(sessions: readonly OwnSession[]): OwnSession[] {
  return [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || b.last_seen - a.last_seen);
}
