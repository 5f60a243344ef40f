/** The log of one container, followed: a stream that is opened again from where it broke off. */

import { held } from "../../api/held";
import { ApiProblem, asProblem } from "../../api/problem";
import { frameBytes, LineSplitter, parseLine, splitStamp, type LogLine } from "./line";
import { ResumePoint } from "./resume";

export interface FeedState {
  /** `waiting` and `broken` are tried again, `ended` and `failed` are final. */
  readonly phase: "connecting" | "following" | "waiting" | "broken" | "ended" | "failed";
  /** In plain words; "" while all is well. */
  readonly message: string;
}

/** What is to become of a stream that ended. */
export type Outlook =
  | { readonly next: "again"; readonly message: string; readonly problem: boolean }
  | { readonly next: "end"; readonly message: string }
  | { readonly next: "fail"; readonly message: string };

export interface FeedSource {
  readonly container: string;
  readonly follow: boolean;
  /** Opens the stream; `since` is "" the first time. */
  open(since: string): WebSocket;
  /** Says why a stream ended, or could not be opened. */
  outlook(): Promise<Outlook>;
  onlines(lines: LogLine[]): void;
  onstate(state: FeedState): void;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 10_000;
const SIGNED_OUT: FeedState = { phase: "waiting", message: "Your sign-in ended. The log goes on from here when you have signed in again." };
/** A stream that lasted this long begins the waits anew. In milliseconds. */
const LASTED = 5000;

export class LogFeed {
  readonly #source: FeedSource;
  readonly #point = new ResumePoint();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_WAIT;
  #closed = false;
  readonly #leave = held.onRelease(() => this.retry());

  constructor(source: FeedSource) {
    this.#source = source;
  }

  start(): void {
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#leave();
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Doesn't wait for the next try. */
  retry(): void {
    if (this.#closed || this.#socket !== null) return;
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT;
    this.#connect();
  }

  #connect(): void {
    if (held.on) {
      this.#source.onstate(SIGNED_OUT);
      return;
    }
    this.#source.onstate({ phase: "connecting", message: "" });
    this.#point.resume();
    const splitter = new LineSplitter();
    let opened = 0;
    const socket = this.#source.open(this.#point.stamp);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => {
      opened = Date.now();
      if (!this.#closed) this.#source.onstate({ phase: "following", message: "" });
    });
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (this.#closed) return;
      const { data } = event;
      const bytes = typeof data === "string" ? frameBytes(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
      this.#receive(splitter.push(bytes));
    });
    socket.addEventListener("close", () => {
      if (this.#closed) return;
      this.#receive(splitter.flush());
      this.#socket = null;
      if (opened > 0 && Date.now() - opened > LASTED) this.#wait = FIRST_WAIT;
      if (opened > 0 && !this.#source.follow) this.#source.onstate({ phase: "ended", message: "" });
      else void this.#decide();
    });
  }

  #receive(received: string[]): void {
    const fresh = received.filter((line) => line !== "" && this.#point.accept(splitStamp(line).stamp));
    if (fresh.length > 0) this.#source.onlines(fresh.map((line) => parseLine(line, this.#source.container)));
  }

  async #decide(): Promise<void> {
    const outlook = await this.#source.outlook().catch((error: unknown): Outlook => outlookOf(asProblem(error)));
    if (this.#closed || this.#socket !== null) return;
    if (held.on) this.#source.onstate(SIGNED_OUT);
    else if (outlook.next === "end") this.#source.onstate({ phase: "ended", message: outlook.message });
    else if (outlook.next === "fail") this.#source.onstate({ phase: "failed", message: outlook.message });
    else {
      this.#source.onstate({ phase: outlook.problem ? "broken" : "waiting", message: outlook.message });
      this.#timer = setTimeout(() => this.#connect(), this.#wait);
      this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
    }
  }
}

/** What a refused read of a log means. */
export function outlookOf(problem: ApiProblem): Outlook {
  if (problem.status === 404) return { next: "end", message: "The pod was deleted." };
  if (problem.status === 403) return { next: "fail", message: `${problem.title}.` };
  if (problem.status === 400) return waiting(problem.detail);
  return { next: "again", message: `${problem.title}. It is tried again by itself.`, problem: true };
}

/** The API server's answers for containers that have no log (yet). */
function waiting(message: string): Outlook {
  const start = /container "([^"]+)" in pod "[^"]+" is waiting to start: (.+)$/.exec(message);
  if (start !== null) return { next: "again", message: `${start[1] ?? ""} has not started: ${start[2] ?? ""}.`, problem: false };
  const previous = /previous terminated container "([^"]+)"/.exec(message);
  if (previous !== null) return { next: "fail", message: `There is no earlier run of ${previous[1] ?? ""}, or its log is gone.` };
  return { next: "fail", message };
}
