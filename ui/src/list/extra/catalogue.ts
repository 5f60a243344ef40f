/** Which columns a reader may add to a list, and how those that take a key or an expression are written. */
import type { ResourceRef } from "../../live/protocol";

export interface Offer {
  readonly id: string;
  readonly title: string;
}

const OWNER: Offer = { id: "owner", title: "Owner" };
const OF_PODS: readonly Offer[] = [
  { id: "containers", title: "Containers" },
  { id: "last-restart", title: "Last restart" },
  { id: "usage:cpu", title: "CPU used" },
  { id: "usage:memory", title: "Memory used" },
  { id: "requests:cpu", title: "CPU requested" },
  { id: "requests:memory", title: "Memory requested" },
  { id: "limits:cpu", title: "CPU limit" },
  { id: "limits:memory", title: "Memory limit" },
  OWNER,
];

const LONGEST = { label: 317, annotation: 317, jsonpath: 512 } as const;

/** The columns of a kind that need nothing to be typed. */
export function offersFor({ group, plural }: Pick<ResourceRef, "group" | "plural">): readonly Offer[] {
  return group === "" && plural === "pods" ? OF_PODS : [OWNER];
}

/** What stands above a column, before the server has said how it calls it. */
export function titleOf(id: string): string {
  const known = OF_PODS.find((offer) => offer.id === id);
  return known?.title ?? id.slice(id.indexOf(":") + 1);
}

/** Columns whose id is made of what a reader types. */
export type Typed = "label" | "annotation" | "jsonpath";

/** Why the text makes no column, in words; "" when it may make one. The server says more of an expression. */
export function objectionTo(type: Typed, text: string): string {
  const value = text.trim();
  if (value === "") return "";
  if (value.length > LONGEST[type]) return `This is longer than ${LONGEST[type]} characters.`;
  if (type === "jsonpath") {
    const path = value.replace(/^\{(.*)\}$/, "$1").trim().replace(/^\$/, "");
    if (/[{}]/.test(path)) return "One pair of braces goes around the whole: {.spec.nodeName}.";
    return /^[.[]/.test(path) ? "" : "A path begins with a dot: {.spec.nodeName}.";
  }
  return /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/.test(value) ? "" : `This is no key of ${type === "label" ? "a label" : "an annotation"}, such as app.kubernetes.io/name.`;
}

/** The id of a column of what was typed. */
export const idFor = (type: Typed, text: string): string => `${type}:${text.trim()}`;
