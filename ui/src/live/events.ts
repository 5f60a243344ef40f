/** The same messages as server-sent events down and requests up, for where a proxy refuses WebSockets. */
import { createParser } from "eventsource-parser";
import { request } from "../api/client";
import { ApiProblem } from "../api/problem";
import { BROKEN, type Channel, type Listener } from "./channel";

const EVENTS = "text/event-stream";

/** `first` goes with the request that opens the stream: no other process of the server has to know of it. */
export function openEvents(path: string, first: readonly object[], listener: Listener): Channel {
  const abort = new AbortController();
  let stream = "";
  let over = false;
  let waiting: object[] = [];
  let saying: Promise<void> | null = null;

  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    abort.abort();
    listener.closed(code, reason);
  };

  async function say(): Promise<void> {
    while (waiting.length && !over) {
      const messages = waiting;
      waiting = [];
      await request(path, { method: "POST", body: { stream, messages }, signal: abort.signal });
    }
  }

  const parser = createParser({
    onEvent({ event, data }) {
      if (over) return;
      if (event === "close") {
        const { code, reason } = JSON.parse(data) as { code: number; reason: string };
        end(code, reason);
      } else if (event === "gzip") listener.frame(bytesOf(data));
      else {
        if (stream === "") {
          stream = (JSON.parse(data) as { stream: string }).stream;
          listener.opened();
          flush();
        }
        listener.frame(data);
      }
    },
  });

  function flush(): void {
    if (stream === "" || saying) return;
    saying = say()
      // The stream is of another process, or over: a new one is told everything.
      .catch((error: unknown) => end(BROKEN, error instanceof ApiProblem ? error.code : ""))
      .finally(() => {
        saying = null;
      });
  }

  async function read(): Promise<void> {
    const answer = await request(path, { method: "POST", body: { messages: first }, accept: EVENTS, signal: abort.signal });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) parser.feed(piece.value);
  }

  void read()
    .catch(() => undefined)
    .then(() => end(BROKEN, ""));

  return {
    send(messages) {
      waiting.push(...messages);
      // What is said in one go goes up in one request.
      queueMicrotask(flush);
    },
    close() {
      over = true;
      abort.abort();
    },
  };
}

function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}
