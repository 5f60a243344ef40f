/** How a kind says what is special about it: data that the details pane draws, nothing about how lists or panes work. */

import type { IconName } from "../app/icons";
import type { Resource, Tone } from "../app/types";
import type { Condition, Json, KubeObject } from "./object";
import type { Container, ContainerStatus } from "./shapes";

/** Another object that a text leads to; `resource` is `plural` or `plural.group`. */
export interface ObjectLink {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A piece of a sentence. `at` is in seconds since the epoch and keeps ticking on the page. */
export type Inline =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  | { readonly link: ObjectLink; readonly text: string; readonly code?: boolean }
  | { readonly at: number; readonly as: "age" | "ago" | "left" };

export type Phrase = readonly Inline[];

/** The shape, colour and word an object stands under. */
export interface Status {
  readonly tone: Tone;
  readonly word: string;
}

/** What is wrong or under way, cause first. No verdict means that there is nothing to say. */
export interface Verdict {
  readonly tone: "err" | "warn" | "run";
  /** The state of affairs in a few words, with a full stop. */
  readonly head: string;
  /** The cause, in a sentence. */
  readonly cause: Phrase;
  /** What else helps, smaller. */
  readonly more?: Phrase;
}

export interface Fact {
  readonly label: string;
  readonly value: Phrase;
}

export interface DataEntry {
  readonly key: string;
  /** Base64 as the API server sends it for secrets and binary data, else the text itself. */
  readonly value: string;
  readonly encoding: "text" | "base64";
}

export interface ContainerView {
  readonly container: Container;
  readonly status: ContainerStatus | undefined;
  readonly role: "init" | "sidecar" | "app" | "ephemeral";
}

interface Titled {
  readonly title: string;
  /** A short word beside the title; what a folded section says of itself. */
  readonly note?: string;
  /** Folded away until it is opened. */
  readonly folded?: boolean;
}

export type Section =
  | (Titled & { readonly type: "facts"; readonly facts: readonly Fact[] })
  | (Titled & { readonly type: "containers"; readonly containers: readonly ContainerView[] })
  | (Titled & { readonly type: "conditions"; readonly conditions: readonly Condition[] })
  | (Titled & { readonly type: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Phrase[])[] })
  | (Titled & { readonly type: "bars"; readonly bars: readonly Bar[] })
  | (Titled & { readonly type: "data"; readonly entries: readonly DataEntry[]; readonly hidden: boolean })
  | (Titled & { readonly type: "pods"; readonly namespace: string; readonly labelSelector: string; readonly fieldSelector: string })
  | (Titled & { readonly type: "tree"; readonly value: Json });

/** A share of a whole: `done` of `total`. */
export interface Bar {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly text: string;
  readonly tone: Tone;
}

/** What the list shows of a kind. */
export interface KindInfo {
  readonly icon: IconName;
  /** Heading of its list: `Pods`. */
  readonly title: string;
  /** One of them in a sentence: `pod`. */
  readonly one: string;
  /** Name of the column that says how it is, as kubectl heads it; null when there is none. */
  readonly statusColumn: string | null;
}

/** What the details show of a kind. Methods get the object as it was read last and the time, in seconds. */
export interface Kind<T extends KubeObject = KubeObject> extends KindInfo {
  status(object: T, now: number): Status | null;
  verdict(object: T, now: number): Verdict | null;
  /** What follows "Pod in shop" in the line under the name. */
  path(object: T): Phrase;
  sections(object: T, now: number): readonly Section[];
  /** The pod whose logs and shell the pane offers; null when the kind has none. */
  readonly actions: readonly Action[];
}

export type Action = "logs" | "shell";

/** A kind under the names that discovery knows it by. */
export interface RegisteredKind {
  readonly plural: string;
  readonly group: string;
  readonly kind: Kind;
}

/** What a kind file writes; what it leaves out is as in the generic kind. */
export type KindDraft<T extends KubeObject> = KindInfo & Partial<Kind<T>>;

export type ResourceName = Pick<Resource, "group" | "plural" | "kind">;
