/**
 * Whether this page sends anything. It does not from the moment its session ended until it is known who signed in
 * again: what somebody typed or opened here must never go out under another person's name.
 */
import { ApiProblem } from "./problem";

export class Held {
  #on = false;
  readonly #waiting = new Set<() => void>();

  get on(): boolean {
    return this.#on;
  }

  /** Send nothing from now on. */
  hold(): void {
    this.#on = true;
  }

  /** The same person is back: whoever waits goes on. */
  release(): void {
    if (!this.#on) return;
    this.#on = false;
    for (const goOn of [...this.#waiting]) goOn();
  }

  /** Call `goOn` at each release, until the returned function is called. */
  onRelease(goOn: () => void): () => void {
    this.#waiting.add(goOn);
    return () => this.#waiting.delete(goOn);
  }

  /** Raises `ApiProblem` while nothing is sent. */
  refuse(): void {
    if (!this.#on) return;
    throw new ApiProblem({
      status: 401,
      code: "session.held",
      title: "Your sign-in ended",
      detail: "Nothing was sent.",
      remedy: "Sign in again; this page then goes on where it was.",
      reference: "",
    });
  }
}

export const held = new Held();
