/** The one WebSocket of this tab, and the subscriptions on it. */
import { socketURL } from "../api/client";
import { held } from "../api/held";
import { clock } from "../app/clock.svelte";
import { session } from "../session/session.svelte";
import { CLOSE_SIGNED_OUT, decode, type Query } from "./protocol";
import { RowSet, type Subscription } from "./rows.svelte";

export type Connection = "idle" | "connecting" | "open" | "waiting" | "ended";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** A connection that held this long starts the back-off anew. */
const STEADY = 10_000;

export class LiveClient {
  connection = $state<Connection>("idle");
  /** When the next try is made, in seconds since the epoch. */
  retryAt = $state<number | null>(null);
  /** Since when there is no connection, in seconds since the epoch. */
  downSince = $state<number | null>(null);

  #socket: WebSocket | null = null;
  #subscriptions = new Map<number, RowSet>();
  #nextId = 1;
  #wait = FIRST_WAIT;
  #openedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    window.addEventListener("online", () => this.retryNow());
    held.onRelease(() => this.retryNow());
  }

  subscribe(query: Query): Subscription {
    const id = this.#nextId++;
    const rows = new RowSet(query, () => this.#unsubscribe(id));
    this.#subscriptions.set(id, rows);
    if (this.connection === "open") this.#send({ type: "subscribe", id, ...query });
    else if (this.connection === "idle") this.#connect();
    return rows;
  }

  /** Try now instead of at the end of the wait. */
  retryNow(): void {
    if (this.connection !== "waiting" && this.connection !== "ended") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** Close the connection and drop all rows: nothing of the session stays in this tab. */
  end(): void {
    clearTimeout(this.#timer);
    for (const rows of this.#subscriptions.values()) rows.forget();
    this.#subscriptions.clear();
    this.connection = "idle";
    this.#socket?.close(1000);
    this.#socket = null;
  }

  #unsubscribe(id: number): void {
    if (!this.#subscriptions.delete(id)) return;
    if (this.connection === "open") this.#send({ type: "unsubscribe", id });
  }

  #send(message: unknown): void {
    // One that the server is closing tells so in a moment; what is subscribed then is subscribed again, or forgotten.
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(): void {
    if (held.on) {
      // It goes on when it is known who has signed in.
      this.connection = "ended";
      return;
    }
    this.connection = "connecting";
    this.retryAt = null;
    const socket = new WebSocket(socketURL("api/live"));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    // Unpacking takes a moment; the chain keeps messages in the order they came in.
    let order: Promise<void> = Promise.resolve();
    socket.onopen = () => {
      this.connection = "open";
      this.downSince = null;
      this.#openedAt = performance.now();
      for (const [id, rows] of this.#subscriptions) this.#send({ type: "subscribe", id, ...rows.query });
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const message = decode(event.data);
      order = order.then(async () => this.#take(socket, await message)).catch(() => socket.close(4400));
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      this.downSince ??= clock.now;
      if (event.code === CLOSE_SIGNED_OUT) {
        this.connection = "ended";
        session.markEnded("session.ended", event.reason);
        return;
      }
      this.#retryLater();
    };
  }

  #take(socket: WebSocket, message: Awaited<ReturnType<typeof decode>>): void {
    if (socket !== this.#socket) return;
    if (message.type === "hello") clock.setServerTime(message.now);
    else if (message.type === "signed_out") session.markEnded(message.code, message.message);
    else this.#subscriptions.get(message.id)?.take(message);
  }

  #retryLater(): void {
    if (performance.now() - this.#openedAt > STEADY) this.#wait = FIRST_WAIT;
    // A refused upgrade looks the same as a dead network; only an HTTP request says that the session is gone.
    if (this.#wait > FIRST_WAIT && session.current?.signed_in) void session.load();
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
    this.connection = this.#subscriptions.size || this.#openedAt ? "waiting" : "idle";
    this.retryAt = clock.now + wait / 1000;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }
}

export const live = new LiveClient();
