/**
 * The framing of exec streams over WebSockets: `v4.channel.k8s.io` and `v5.channel.k8s.io`. The first byte
 * of each binary message is the channel; version 5 adds a signal that closes one.
 */

/** Newest first: the server chooses the first one it speaks. */
export const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

export const Channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export interface Frame {
  readonly channel: number;
  readonly bytes: Uint8Array;
}

/** Null for a message without even a channel. */
export function readFrame(message: ArrayBuffer): Frame | null {
  const bytes = new Uint8Array(message);
  const channel = bytes[0];
  return channel === undefined ? null : { channel, bytes: bytes.subarray(1) };
}

export function stdinFrame(text: string): Uint8Array<ArrayBuffer> {
  return frame(Channel.stdin, new TextEncoder().encode(text));
}

/** Bytes that are no text: mouse reports of old terminals, each character one byte. */
export function stdinBytesFrame(binary: string): Uint8Array<ArrayBuffer> {
  return frame(Channel.stdin, Uint8Array.from(binary, (character) => character.charCodeAt(0) & 0xff));
}

export function resizeFrame(columns: number, rows: number): Uint8Array<ArrayBuffer> {
  return frame(Channel.resize, new TextEncoder().encode(JSON.stringify({ Width: columns, Height: rows })));
}

/** Ends standard input; version 5 alone understands it. */
export function closeStdinFrame(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(Channel.close, Channel.stdin);
}

function frame(channel: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length + 1);
  result[0] = channel;
  result.set(bytes, 1);
  return result;
}
