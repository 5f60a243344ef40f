/** A shell in a container: one exec stream of the API server's. */

import { asProblem } from "../../api/problem";
import { kube } from "../../api/kube";
import type { TerminalOf } from "../dock.svelte";
import { podPath } from "../paths";
import { Channel, closeStdinFrame, PROTOCOLS, readFrame, resizeFrame, stdinBytesFrame, stdinFrame } from "./channels";
import { exitOf } from "./exit";

/** bash where there is one, else what every container with a shell has. */
const COMMAND = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"];

export interface ShellEvents {
  onopen(): void;
  ondata(bytes: Uint8Array): void;
  /** The shell is over; `words` says how. `again` tells whether another try makes sense. */
  onend(words: string, again: boolean): void;
}

export function execPath(of: TerminalOf, command: readonly string[] = COMMAND): string {
  // With a terminal there is no standard error of its own.
  const query = new URLSearchParams({ stdin: "true", stdout: "true", stderr: "false", tty: "true" });
  if (of.container !== undefined && of.container !== "") query.set("container", of.container);
  for (const word of command) query.append("command", word);
  return `${podPath(of)}/exec?${query.toString()}`;
}

export class Shell {
  readonly #socket: WebSocket;
  readonly #of: TerminalOf;
  readonly #events: ShellEvents;
  #opened = false;
  #over = false;
  #size: readonly [columns: number, rows: number] | null = null;

  constructor(of: TerminalOf, events: ShellEvents) {
    this.#of = of;
    this.#events = events;
    this.#socket = kube.socket(of.cluster, execPath(of), PROTOCOLS);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => {
      this.#opened = true;
      if (this.#size !== null) this.#send(resizeFrame(...this.#size));
      this.#events.onopen();
    });
    this.#socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#receive(data);
    });
    this.#socket.addEventListener("close", ({ code, reason }) => void this.#closed(code, reason));
  }

  write(text: string): void {
    this.#send(stdinFrame(text));
  }

  writeBinary(binary: string): void {
    this.#send(stdinBytesFrame(binary));
  }

  resize(columns: number, rows: number): void {
    this.#size = [columns, rows];
    this.#send(resizeFrame(columns, rows));
  }

  close(): void {
    this.#over = true;
    if (this.#socket.protocol === PROTOCOLS[0]) this.#send(closeStdinFrame());
    this.#socket.close();
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  #receive(message: ArrayBuffer): void {
    const frame = readFrame(message);
    if (frame === null || this.#over) return;
    if (frame.channel === Channel.stdout || frame.channel === Channel.stderr) this.#events.ondata(frame.bytes);
    else if (frame.channel === Channel.status) this.#end(exitOf(new TextDecoder().decode(frame.bytes)).words, true);
  }

  async #closed(code: number, reason: string): Promise<void> {
    if (this.#over) return;
    if (this.#opened) {
      const words = code === 1000 ? "The shell ended." : reason === "" ? "The connection broke off." : `The connection was closed: ${reason}.`;
      this.#end(words, true);
      return;
    }
    // A refused socket tells no reason. A plain request to the same address is refused for the same one.
    const words = await this.#refusal();
    if (!this.#over) this.#end(words, true);
  }

  async #refusal(): Promise<string> {
    try {
      const pod = await kube.get<{ status?: { phase?: string } }>(this.#of.cluster, podPath(this.#of));
      if (pod.status?.phase !== "Running") return `No shell: the pod is ${pod.status?.phase ?? "in an unknown state"}.`;
      await kube.text(this.#of.cluster, execPath(this.#of));
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 404) return `There is no pod ${this.#of.pod}.`;
      if (problem.status === 400) return "No shell could be opened: the connection was refused on the way.";
      return `No shell: ${problem.title.charAt(0).toLowerCase()}${problem.title.slice(1)}.`;
    }
    return "No shell could be opened.";
  }

  #end(words: string, again: boolean): void {
    this.#over = true;
    this.#socket.close();
    this.#events.onend(words, again);
  }
}
