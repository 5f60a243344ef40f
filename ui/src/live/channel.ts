/** A way for messages to come and go; which one it is makes no difference to what is said. */

export interface Channel {
  /** What is said after the channel has closed is lost; whoever opens the next one says it again. */
  send(messages: readonly object[]): void;
  /** Give it up; nothing is heard of it any more. */
  close(): void;
}

export interface Listener {
  /** The server is there and takes messages. */
  opened(): void;
  /** Text is a message, bytes are the same compressed. */
  frame(data: string | ArrayBuffer): void;
  /** It is over, or never opened. `code` is one of WebSocket's (1006 for a connection that broke). */
  closed(code: number, reason: string): void;
}

/** A connection that broke, or never came to be. */
export const BROKEN = 1006;
