/** The one connection of this tab, and the subscriptions on it. */
import { held } from "../api/held";
import { clock } from "../app/clock.svelte";
import { session } from "../session/session.svelte";
import type { Channel, Listener } from "./channel";
import { openEvents } from "./events";
import { CLOSE_SIGNED_OUT, decode, type Found, type Query, type Search } from "./protocol";
import { RowSet, type Subscription } from "./rows.svelte";
import { openSocket } from "./socket";
import type { Sight } from "./window";

export type Connection = "idle" | "connecting" | "open" | "waiting" | "ended";

const PATH = "api/live";
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** A connection that held this long starts the back-off anew. */
const STEADY = 10_000;
/** For how long rows that nobody shows yet are read. */
const EXPECTED_FOR = 10_000;

export class LiveClient {
  connection = $state<Connection>("idle");
  /** When the next try is made, in seconds since the epoch. */
  retryAt = $state<number | null>(null);
  /** Since when there is no connection, in seconds since the epoch. */
  downSince = $state<number | null>(null);

  #channel: Channel | null = null;
  /** WebSockets don't get through here, and events do; so it stays until the page is loaded again. */
  #byEvents = false;
  #subscriptions = new Map<number, RowSet>();
  #nextId = 1;
  #search: { readonly number: number; readonly query: Search; readonly tell: (found: Found) => void } | null = null;
  #wait = FIRST_WAIT;
  #openedAt = 0;
  #expected: { readonly asked: string; readonly rows: RowSet } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    window.addEventListener("online", () => this.retryNow());
    held.onRelease(() => this.retryNow());
  }

  /** Begin to read what somebody is going to subscribe to in a moment; it is given up when nobody does. */
  expect(query: Query, sight: Sight): void {
    const expected = { asked: JSON.stringify(query), rows: this.#begin(query, sight) };
    this.#expected = expected;
    setTimeout(() => {
      if (this.#expected !== expected) return;
      this.#expected = null;
      expected.rows.close();
    }, EXPECTED_FOR);
  }

  /** With a `sight` a long list comes in windows; without one all rows come. */
  subscribe(query: Query, sight: Sight | null = null): Subscription {
    const expected = this.#expected;
    if (expected?.asked !== JSON.stringify(query)) return this.#begin(query, sight);
    this.#expected = null;
    if (sight) expected.rows.look(sight);
    return expected.rows;
  }

  #begin(query: Query, sight: Sight | null): RowSet {
    const id = this.#nextId++;
    const rows = new RowSet(
      query,
      {
        close: () => this.#unsubscribe(id),
        look: (look) => {
          if (this.connection === "open") this.#send({ type: "look", id, ...look });
        },
        view: (view) => {
          if (this.connection === "open") this.#send({ type: "view", id, view });
        },
        locate: (key) => {
          if (this.connection === "open") this.#send({ type: "locate", id, key });
        },
      },
      sight,
    );
    this.#subscriptions.set(id, rows);
    if (this.connection === "open") this.#send({ type: "subscribe", id, ...query, view: rows.view });
    else if (this.connection === "idle") this.#connect();
    return rows;
  }

  /** Look for names, on this connection or the next; `tell` is called again while more is read, until the returned function is called. */
  search(query: Search, tell: (found: Found) => void): () => void {
    const search = { number: this.#nextId++, query, tell };
    this.#search = search;
    if (this.connection === "open") this.#channel?.send(this.#sought());
    else if (this.connection === "idle") this.#connect();
    return () => {
      if (this.#search === search) this.#search = null;
    };
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
    this.#expected = null;
    this.#search = null;
    this.connection = "idle";
    this.#channel?.close();
    this.#channel = null;
  }

  #unsubscribe(id: number): void {
    if (!this.#subscriptions.delete(id)) return;
    if (this.connection === "open") this.#send({ type: "unsubscribe", id });
  }

  #send(message: object): void {
    this.#channel?.send([message]);
  }

  #connect(): void {
    if (held.on) {
      // It goes on when it is known who has signed in.
      this.connection = "ended";
      return;
    }
    this.connection = "connecting";
    this.retryAt = null;
    if (this.#byEvents) this.#openEvents();
    else this.#open((listener) => openSocket(PATH, listener), () => this.#openEvents());
  }

  /** Where a WebSocket is refused, events may get through; where neither does, the next try is with a WebSocket. */
  #openEvents(): void {
    const first = this.#wanted();
    this.#byEvents = true;
    this.#open((listener) => openEvents(PATH, first, listener), () => {
      this.#byEvents = false;
      this.#retryLater();
    }, new Set(this.#subscriptions.keys()));
  }

  #wanted(but: ReadonlySet<number> = new Set()): object[] {
    return [...this.#subscriptions].filter(([id]) => !but.has(id)).flatMap(([id, rows]) => [{ type: "subscribe", id, ...rows.query, view: rows.view }, ...this.#looks(new Set([id]))]);
  }

  /** What these subscriptions look at beside their rows. */
  #looks(ids: ReadonlySet<number>): object[] {
    return [...ids].flatMap((id) => {
      const look = this.#subscriptions.get(id)?.extra.current;
      return look ? [{ type: "look", id, ...look }] : [];
    });
  }

  /** What is searched for, if anything is. */
  #sought(): object[] {
    return this.#search ? [{ type: "search", search: this.#search.number, ...this.#search.query }] : [];
  }

  /** Open a channel, on which the subscriptions `said` are known already; `refused` is called if it does not open. */
  #open(make: (listener: Listener) => Channel, refused: () => void, said?: ReadonlySet<number>): void {
    // Unpacking takes a moment; the chain keeps messages in the order they came in.
    let order: Promise<void> = Promise.resolve();
    let opened = false;
    const channel: Channel = make({
      opened: () => {
        opened = true;
        this.connection = "open";
        this.downSince = null;
        this.#openedAt = performance.now();
        channel.send(this.#wanted(said));
        const gone = [...(said ?? [])].filter((id) => !this.#subscriptions.has(id));
        channel.send([...gone.map((id) => ({ type: "unsubscribe", id })), ...this.#looks(said ?? new Set())]);
        channel.send(this.#sought());
      },
      frame: (data) => {
        const message = decode(data);
        order = order.then(async () => this.#take(channel, await message)).catch(() => this.#lose(channel, refused, opened, 4400, ""));
      },
      closed: (code, reason) => this.#lose(channel, refused, opened, code, reason),
    });
    this.#channel = channel;
  }

  #lose(channel: Channel, refused: () => void, opened: boolean, code: number, reason: string): void {
    if (channel !== this.#channel) return;
    channel.close();
    this.#channel = null;
    this.downSince ??= clock.now;
    if (code === CLOSE_SIGNED_OUT) {
      this.connection = "ended";
      session.markEnded("session.ended", reason);
    } else if (opened) this.#retryLater();
    else refused();
  }

  #take(channel: Channel, message: Awaited<ReturnType<typeof decode>>): void {
    if (channel !== this.#channel) return;
    if (message.type === "hello") clock.setServerTime(message.now);
    else if (message.type === "signed_out") session.markEnded(message.code, message.message);
    else if (message.type === "found") {
      if (message.search === this.#search?.number) this.#search.tell(message);
    } else this.#subscriptions.get(message.id)?.take(message);
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
