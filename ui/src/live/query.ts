/** What a list asks for: the same words, whoever asks. */
import type { Query, ResourceRef } from "./protocol";

export interface Selectors {
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

/** `namespaces` is empty for all of them. */
export function queryOf(cluster: string, { group, version, plural, namespaced }: ResourceRef, namespaces: readonly string[], { labelSelector, fieldSelector }: Selectors): Query {
  return {
    cluster,
    resource: { group, version, plural, namespaced },
    namespaces: namespaced && namespaces.length ? namespaces : null,
    label_selector: labelSelector,
    field_selector: fieldSelector,
  };
}
