import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Channel, Listener } from "../../src/live/channel";
import type { Found, Search } from "../../src/live/protocol";

/** Connections in the order of their making: what was said on each, and a way to speak for the server. */
interface Line {
  readonly listener: Listener;
  readonly said: object[];
}
const lines: Line[] = [];

vi.mock("../../src/app/clock.svelte", () => ({ clock: { now: 0 } }));
vi.mock("../../src/api/held", () => ({ held: { on: false, onRelease: () => undefined } }));
vi.mock("../../src/session/session.svelte", () => ({ session: { current: null } }));
vi.mock("../../src/live/events", () => ({ openEvents: () => expect.unreachable("the WebSocket opens") }));
vi.mock("../../src/live/socket", () => ({
  openSocket: (_: string, listener: Listener): Channel => {
    const said: object[] = [];
    lines.push({ listener, said });
    return { send: (messages) => void said.push(...messages), close: () => undefined };
  },
}));
vi.stubGlobal("window", { addEventListener: () => undefined });
const { LiveClient } = await import("../../src/live/client.svelte");

/** How long something may take on a machine that is busy. In milliseconds. */
const PATIENCE = 30_000;

const CART: Search = { cluster: "main", text: "cart", everything: [], namespaces: null, limit: 50 };
const found = (search: number): Found => ({ type: "found", search, hits: [], total: 0, read: 1, kinds: 1, missing: [] });
const line = (at: number): Line => lines.at(at) ?? expect.unreachable("there is no such connection");

describe("a search", () => {
  let live: InstanceType<typeof LiveClient>;
  beforeEach(() => {
    lines.length = 0;
    live = new LiveClient();
  });

  it("from before there is a connection is sent on it", () => {
    live.search(CART, () => undefined);
    expect(lines).toHaveLength(1);
    expect(line(0).said).toEqual([]);
    live.search({ ...CART, text: "cart-7" }, () => undefined);
    line(0).listener.opened();
    expect(line(0).said).toEqual([{ type: "search", search: 2, ...CART, text: "cart-7" }]);
  });

  it("is sent at once on a connection, and again on the next one", async () => {
    live.search(CART, () => undefined);
    line(0).listener.opened();
    const told: Found[] = [];
    live.search({ ...CART, text: "shop" }, (each) => told.push(each));
    const asked = { type: "search", search: 2, ...CART, text: "shop" };
    expect(line(0).said.at(-1)).toEqual(asked);
    line(0).listener.closed(1006, "");
    live.retryNow();
    expect(lines).toHaveLength(2);
    line(1).listener.opened();
    expect(line(1).said).toEqual([asked]);
    line(1).listener.frame(JSON.stringify(found(2)));
    await vi.waitFor(() => expect(told).toEqual([found(2)]), PATIENCE);
  }, 2 * PATIENCE);

  it("that was given up is not sent again, nor is one of a session that ended", () => {
    live.search(CART, () => undefined)();
    line(0).listener.opened();
    expect(line(0).said).toEqual([]);
    live.search(CART, () => undefined);
    live.end();
    live.search(CART, () => undefined)();
    line(1).listener.opened();
    expect(line(1).said).toEqual([]);
  });
});
