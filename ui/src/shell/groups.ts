/** Where in the navigation a kind stands. */
import { idOf } from "../api/discovery";
import type { Resource } from "../app/types";

export interface NavGroup {
  readonly title: string;
  readonly resources: readonly Resource[];
  /** Shown after a press on *more*. */
  readonly more: readonly Resource[];
}

/** Kinds that people look at daily, in order; the same title's second list is folded. */
const GROUPS: readonly { readonly title: string; readonly first: readonly string[]; readonly more: readonly string[] }[] = [
  {
    title: "Workloads",
    first: ["pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch"],
    more: ["replicasets.apps", "replicationcontrollers", "horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy"],
  },
  {
    title: "Network",
    first: ["services", "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io"],
    more: ["endpointslices.discovery.k8s.io", "endpoints", "ingressclasses.networking.k8s.io"],
  },
  {
    title: "Configuration and storage",
    first: ["configmaps", "secrets", "persistentvolumeclaims"],
    more: ["persistentvolumes", "storageclasses.storage.k8s.io", "resourcequotas", "limitranges"],
  },
  {
    title: "Cluster",
    first: ["nodes", "namespaces", "events"],
    more: [
      "serviceaccounts",
      "roles.rbac.authorization.k8s.io",
      "rolebindings.rbac.authorization.k8s.io",
      "clusterroles.rbac.authorization.k8s.io",
      "clusterrolebindings.rbac.authorization.k8s.io",
      "customresourcedefinitions.apiextensions.k8s.io",
    ],
  },
];

/** The same objects under a second name. */
const DOUBLES: ReadonlySet<string> = new Set(["events.events.k8s.io"]);

const isBuiltIn = ({ group }: Resource): boolean => group === "" || !group.includes(".") || group.endsWith(".k8s.io");

/** How many custom kinds are listed before the rest folds. */
const CUSTOM_SHOWN = 4;

/** All kinds of a cluster, grouped. A kind that is in no group of ours stands under Custom or, when built in, under Cluster. */
export function navGroups(resources: readonly Resource[]): NavGroup[] {
  const left = new Map(resources.filter((resource) => !DOUBLES.has(idOf(resource))).map((resource) => [idOf(resource), resource]));
  const take = (id: string): Resource[] => {
    const resource = left.get(id);
    left.delete(id);
    return resource ? [resource] : [];
  };
  const groups = GROUPS.map(({ title, first, more }) => ({ title, resources: first.flatMap(take), more: more.flatMap(take) }));
  const others = [...left.values()].sort((a, b) => a.kind.localeCompare(b.kind));
  const cluster = groups.at(-1);
  cluster?.more.push(...others.filter(isBuiltIn));
  const custom = others.filter((resource) => !isBuiltIn(resource));
  groups.push({ title: "Custom", resources: custom.slice(0, CUSTOM_SHOWN), more: custom.slice(CUSTOM_SHOWN) });
  return groups.filter((group) => group.resources.length + group.more.length > 0);
}
