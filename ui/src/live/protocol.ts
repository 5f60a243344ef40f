/** The messages of `api/live`, version 1. */
import type { Cell, Column } from "../app/types";

export interface ResourceRef {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What to subscribe to. `namespaces` null means all that the user can list. */
export interface Query {
  readonly cluster: string;
  readonly resource: ResourceRef;
  readonly namespaces: readonly string[] | null;
  readonly label_selector: string;
  readonly field_selector: string;
}

export type WireRow = readonly [namespace: string, name: string, cells: readonly Cell[]];
export type WireKey = readonly [namespace: string, name: string];

export interface Missing {
  readonly namespace: string;
  readonly code: string;
  readonly message: string;
}

export type LiveState = "loading" | "live" | "reconnecting" | "partial" | "forbidden" | "failed";

/** What to look for: the words of `text` in namespace or name, in the lists that are open and in these kinds. */
export interface Search {
  readonly cluster: string;
  readonly text: string;
  readonly everything: readonly ResourceRef[];
  readonly namespaces: readonly string[] | null;
  readonly limit: number;
}

/** What has been found up to now, when `read` of `kinds` kinds have been read. */
export interface Found {
  readonly type: "found";
  readonly search: number;
  readonly hits: readonly { readonly resource: ResourceRef; readonly namespace: string; readonly name: string }[];
  readonly total: number;
  readonly read: number;
  readonly kinds: number;
  /** `namespace` is the kind, as `plural.group`. */
  readonly missing: readonly Missing[];
}

export type ServerMessage =
  | Found
  | { readonly type: "hello"; readonly version: number; readonly now: number }
  | { readonly type: "columns"; readonly id: number; readonly columns: readonly Column[] }
  | { readonly type: "rows"; readonly id: number; readonly reset: boolean; readonly rows: readonly WireRow[] }
  | { readonly type: "synced"; readonly id: number; readonly count: number; readonly as_of: number; readonly took: number }
  | { readonly type: "changes"; readonly id: number; readonly set: readonly WireRow[]; readonly gone: readonly WireKey[]; readonly as_of: number }
  | {
      readonly type: "state";
      readonly id: number;
      readonly state: LiveState;
      readonly since: number;
      readonly message?: string;
      readonly missing?: readonly Missing[];
      readonly retry_at?: number | null;
    }
  | { readonly type: "error"; readonly id: number; readonly code: string; readonly message: string; readonly remedy: string }
  | { readonly type: "signed_out"; readonly code: string; readonly message: string };

/** The server closes with it after `signed_out`. */
export const CLOSE_SIGNED_OUT = 4401;

/** Read one frame: text is a message, binary is the same compressed. */
export async function decode(data: unknown): Promise<ServerMessage> {
  if (typeof data === "string") return JSON.parse(data) as ServerMessage;
  if (!(data instanceof ArrayBuffer)) throw new TypeError("A frame is text or binary.");
  const unpacked = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(unpacked).json()) as ServerMessage;
}
