/** Keys of labels and annotations that a list's objects have, to choose from: those of a few of them. */
import { kube, pathOf } from "../../api/kube";
import type { KubeObject, Resource } from "../../app/types";

export interface Keys {
  readonly label: readonly string[];
  readonly annotation: readonly string[];
}

const METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
const SAMPLE = 50;

/** Raises `ApiProblem` when the objects may not be listed. */
export async function keysOf(cluster: string, resource: Resource, namespaces: readonly string[]): Promise<Keys> {
  const path = pathOf(resource, resource.namespaced ? (namespaces[0] ?? "") : "");
  const list = await kube.get<{ items?: readonly KubeObject[] }>(cluster, `${path}?limit=${SAMPLE}`, { accept: METADATA });
  const label = new Set<string>();
  const annotation = new Set<string>();
  for (const { metadata } of list.items ?? []) {
    for (const key of Object.keys(metadata.labels ?? {})) label.add(key);
    for (const key of Object.keys(metadata.annotations ?? {})) annotation.add(key);
  }
  return { label: [...label].sort(), annotation: [...annotation].sort() };
}
