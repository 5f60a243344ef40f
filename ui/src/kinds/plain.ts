/** Built-in kinds that need no more than an icon and good words. */

import type { IconName } from "../app/icons";
import { define } from "./define";
import type { Kind } from "./kind";

const plainKind = (icon: IconName, title: string, one: string, statusColumn: string | null = null): Kind => define({ icon, title, one, statusColumn });

export const plain: Readonly<Record<string, Kind>> = {
  replicationcontrollers: plainKind("deployment", "ReplicationControllers", "replication controller"),
  serviceaccounts: plainKind("identity", "Service accounts", "service account"),
  persistentvolumes: plainKind("disk", "Volumes", "volume", "Status"),
  endpoints: plainKind("service", "Endpoints", "endpoints object"),
  resourcequotas: plainKind("scale", "Resource quotas", "resource quota"),
  limitranges: plainKind("scale", "Limit ranges", "limit range"),
  "endpointslices.discovery.k8s.io": plainKind("service", "Endpoint slices", "endpoint slice"),
  "networkpolicies.networking.k8s.io": plainKind("shield", "NetworkPolicies", "network policy"),
  "ingressclasses.networking.k8s.io": plainKind("ingress", "Ingress classes", "ingress class"),
  "horizontalpodautoscalers.autoscaling": plainKind("scale", "Autoscalers", "autoscaler"),
  "poddisruptionbudgets.policy": plainKind("shield", "Disruption budgets", "disruption budget"),
  "storageclasses.storage.k8s.io": plainKind("disk", "Storage classes", "storage class"),
  "roles.rbac.authorization.k8s.io": plainKind("shield", "Roles", "role"),
  "rolebindings.rbac.authorization.k8s.io": plainKind("shield", "Role bindings", "role binding"),
  "clusterroles.rbac.authorization.k8s.io": plainKind("shield", "Cluster roles", "cluster role"),
  "clusterrolebindings.rbac.authorization.k8s.io": plainKind("shield", "Cluster role bindings", "cluster role binding"),
  "customresourcedefinitions.apiextensions.k8s.io": plainKind("crd", "Custom resources", "custom resource definition"),
  "leases.coordination.k8s.io": plainKind("clock", "Leases", "lease"),
};
