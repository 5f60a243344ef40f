/** The messages of `api/live`, version 1. */
import type { Cell, Column, Tone } from "../app/types";

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

/** Its name is the cell of the column that `columns` names. */
export type WireRow = readonly [namespace: string, cells: readonly Cell[]];
export type WireKey = readonly [namespace: string, name: string];

export interface Missing {
  readonly namespace: string;
  readonly code: string;
  readonly message: string;
}

export type LiveState = "loading" | "live" | "reconnecting" | "partial" | "forbidden" | "failed";

export interface Quantity {
  /** Cores, bytes or pieces. */
  readonly value: number;
  readonly text: string;
}

/** `value` null: nobody has measured it; `request` and `limit` null: there is none. */
export interface Usage {
  readonly value: number | null;
  readonly text: string;
  readonly request: number | null;
  readonly limit: number | null;
}

export interface ContainerState {
  readonly name: string;
  readonly state: "running" | "waiting" | "terminated" | "";
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly reason?: string;
  readonly exit_code?: number;
  readonly init?: boolean;
}

export interface Restart {
  readonly container: string;
  readonly reason: string;
  readonly exit_code: number;
  /** In seconds since the epoch. */
  readonly at: number | null;
}

export interface Owner {
  readonly api_version: string;
  readonly kind: string;
  readonly name: string;
}

/** What is of which form, its column's type says. */
export type ExtraCell = string | number | boolean | null | Quantity | Usage | readonly ContainerState[] | Restart | Owner;
export type ExtraType = "string" | "quantity" | "usage" | "containers" | "restart" | "owner";

export interface ExtraDefinition {
  readonly id: string;
  readonly name: string;
  readonly type: ExtraType;
  /** Why its cells are empty or not current; "" when all is well. */
  readonly problem: string;
}

/** Extra columns (`columns` null: as before) of rows; `reset`: forget those of all rows first. */
export interface ExtraMessage {
  readonly type: "extra";
  readonly id: number;
  readonly reset: boolean;
  readonly columns: readonly ExtraDefinition[] | null;
  readonly rows: readonly (readonly [namespace: string, name: string, cells: readonly ExtraCell[]])[];
}

/** What a page shows of a list: which rows match, in which order, and which of those are in sight. */
export interface ViewSpec {
  /** Counts a list's views up, so that an answer to an older one can be told. */
  readonly number: number;
  readonly filter: string;
  /** A column's name, "@namespace", "@urgent", or an extra column's id. */
  readonly sort: string;
  readonly descending: boolean;
  /** The column that says how a row is; "" for the usual one. */
  readonly status: string;
  readonly first: number;
  readonly count: number;
}

export interface FacetCount {
  readonly value: string;
  readonly count: number;
  readonly tone: Tone;
}

/** What is other than before in a window; `order` and `facets` null: nothing. */
export interface WindowMessage {
  readonly type: "window";
  readonly id: number;
  readonly view: number;
  readonly first: number;
  readonly total: number;
  readonly matching: number;
  readonly set: readonly WireRow[];
  readonly order: readonly WireKey[] | null;
  readonly facets: readonly FacetCount[] | null;
  readonly problem: string;
  readonly as_of: number;
}

/** The place of a row among those that match, in the order of `view`; null when it is not among them. */
export interface LocatedMessage {
  readonly type: "located";
  readonly id: number;
  readonly view: number;
  readonly key: WireKey;
  readonly index: number | null;
}

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
  | WindowMessage
  | LocatedMessage
  | ExtraMessage
  | Found
  | { readonly type: "hello"; readonly version: number; readonly now: number }
  | { readonly type: "columns"; readonly id: number; readonly name_column: number; readonly columns: readonly Column[] }
  | { readonly type: "rows"; readonly id: number; readonly reset: boolean; readonly rows: readonly WireRow[] }
  | { readonly type: "synced"; readonly id: number; readonly count: number; readonly as_of: number; readonly took: number }
  | { readonly type: "changes"; readonly id: number; readonly as_of: number; readonly set?: readonly WireRow[]; readonly gone?: readonly WireKey[] }
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
