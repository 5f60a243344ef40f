/** Kinds that every cluster serves in these versions, so that their lists need not wait for what it says of itself. */
import type { ResourceRef } from "../live/protocol";

const CORE = ["pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "serviceaccounts"];
const CORE_OF_THE_CLUSTER = ["nodes", "namespaces", "persistentvolumes"];
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  apps: ["deployments", "replicasets", "statefulsets", "daemonsets"],
  batch: ["jobs", "cronjobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
};

const ref = (group: string, plural: string, namespaced = true): ResourceRef => ({ group, version: "v1", plural, namespaced });

const KNOWN: ReadonlyMap<string, ResourceRef> = new Map([
  ...CORE.map((plural) => [plural, ref("", plural)] as const),
  ...CORE_OF_THE_CLUSTER.map((plural) => [plural, ref("", plural, false)] as const),
  ...Object.entries(GROUPS).flatMap(([group, plurals]) => plurals.map((plural) => [`${plural}.${group}`, ref(group, plural)] as const)),
]);

/** By the id that an address names it with: `pods`, `deployments.apps`. */
export const builtIn = (id: string): ResourceRef | null => KNOWN.get(id) ?? null;
