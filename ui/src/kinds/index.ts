/** What is special about a kind of object. One file a kind; this one finds it. To add a kind: its file, and a line here. */

import { configmaps } from "./configmaps";
import { cronjobs } from "./cronjobs";
import { daemonsets } from "./daemonsets";
import { define } from "./define";
import { deployments } from "./deployments";
import { events } from "./events";
import { ingresses } from "./ingresses";
import { jobs } from "./jobs";
import type { Kind, ResourceName } from "./kind";
import { namespaces } from "./namespaces";
import { nodes } from "./nodes";
import { persistentvolumeclaims } from "./persistentvolumeclaims";
import { plain } from "./plain";
import { pods } from "./pods";
import { replicasets } from "./replicasets";
import { secrets } from "./secrets";
import { services } from "./services";
import { statefulsets } from "./statefulsets";

export type { Kind, KindInfo } from "./kind";
export { toneOf } from "./tones";

/** By `plural` or `plural.group`. */
const KINDS: Readonly<Record<string, Kind>> = {
  pods,
  services,
  configmaps,
  secrets,
  nodes,
  namespaces,
  persistentvolumeclaims,
  events,
  "events.events.k8s.io": events,
  "deployments.apps": deployments,
  "statefulsets.apps": statefulsets,
  "daemonsets.apps": daemonsets,
  "replicasets.apps": replicasets,
  "jobs.batch": jobs,
  "cronjobs.batch": cronjobs,
  "ingresses.networking.k8s.io": ingresses,
  ...plain,
};

export function kindFor(resource: ResourceName): Kind {
  const name = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  return (Object.hasOwn(KINDS, name) ? KINDS[name] : undefined) ?? unknownKind(resource);
}

/** A custom resource: its own name, and what any object tells. */
function unknownKind({ kind }: ResourceName): Kind {
  return define({ icon: "crd", title: pluralTitle(kind), one: kind, statusColumn: null });
}

/** `Certificate` → `Certificates`, `Policy` → `Policies`, `Ingress` → `Ingresses`. */
function pluralTitle(kind: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(kind)) return `${kind}es`;
  if (/[^aeiou]y$/i.test(kind)) return `${kind.slice(0, -1)}ies`;
  return `${kind}s`;
}
