/** Which kinds a cluster has. */
import type { Resource } from "../app/types";
import { ApiProblem } from "./problem";
import { kube } from "./kube";

const AGGREGATED = ["v2", "v2beta1"].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(",");

interface Discovered {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope: string;
  readonly singularResource?: string;
  readonly shortNames?: readonly string[];
  readonly verbs?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface GroupDiscovery {
  readonly kind: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources?: readonly Discovered[] }[];
  }[];
  /** When the server does not aggregate. */
  readonly versions?: readonly string[];
  readonly groups?: readonly { readonly name: string; readonly preferredVersion: { readonly groupVersion: string; readonly version: string } }[];
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly singularName: string; readonly namespaced: boolean; readonly kind: string; readonly verbs: readonly string[]; readonly shortNames?: readonly string[] }[];
}

export interface Discovery {
  readonly resources: readonly Resource[];
  /** Groups whose API does not answer, for instance because its extension server is down. */
  readonly missing: readonly string[];
}

/** Read all kinds that can be listed, each in its group's preferred version: two requests where the server aggregates. */
export async function discover(cluster: string): Promise<Discovery> {
  const accept = `${AGGREGATED},application/json`;
  const [core, groups] = await Promise.all([
    kube.get<GroupDiscovery>(cluster, "api", { accept }),
    kube.get<GroupDiscovery>(cluster, "apis", { accept }),
  ]);
  const parts = await Promise.all([readGroups(cluster, core, true), readGroups(cluster, groups, false)]);
  return {
    resources: parts.flatMap((part) => part.resources),
    missing: parts.flatMap((part) => part.missing),
  };
}

async function readGroups(cluster: string, answer: GroupDiscovery, core: boolean): Promise<Discovery> {
  if (answer.kind === "APIGroupDiscoveryList") return { resources: aggregated(answer), missing: [] };
  const wanted = core ? (answer.versions ?? ["v1"]).map((version) => ({ group: "", version, path: `api/${version}` })) : (answer.groups ?? []).map(({ name, preferredVersion }) => ({ group: name, version: preferredVersion.version, path: `apis/${preferredVersion.groupVersion}` }));
  const missing: string[] = [];
  const lists = await Promise.all(
    wanted.map(async ({ group, version, path }) => {
      try {
        return listed(group, version, await kube.get<ResourceList>(cluster, path));
      } catch (error) {
        if (error instanceof ApiProblem && error.status !== 401 && error.status !== 0) {
          missing.push(group);
          return [];
        }
        throw error;
      }
    }),
  );
  return { resources: lists.flat(), missing };
}

function aggregated(answer: GroupDiscovery): Resource[] {
  const resources: Resource[] = [];
  for (const { metadata, versions } of answer.items ?? []) {
    const seen = new Set<string>();
    // Versions come in the order of preference; a kind is taken from the first that serves it.
    for (const { version, resources: found } of versions) {
      for (const item of found ?? []) {
        if (seen.has(item.resource) || !(item.verbs ?? []).includes("list")) continue;
        seen.add(item.resource);
        resources.push({
          group: metadata?.name ?? "",
          version,
          plural: item.resource,
          singular: item.singularResource ?? "",
          kind: item.responseKind?.kind ?? item.resource,
          namespaced: item.scope === "Namespaced",
          shortNames: item.shortNames ?? [],
          verbs: item.verbs ?? [],
          subresources: (item.subresources ?? []).map(({ subresource }) => subresource),
        });
      }
    }
  }
  return resources;
}

function listed(group: string, version: string, list: ResourceList): Resource[] {
  return list.resources
    .filter(({ name, verbs }) => !name.includes("/") && verbs.includes("list"))
    .map((item) => ({
      group,
      version,
      plural: item.name,
      singular: item.singularName,
      kind: item.kind,
      namespaced: item.namespaced,
      shortNames: item.shortNames ?? [],
      verbs: item.verbs,
      subresources: list.resources.filter(({ name }) => name.startsWith(`${item.name}/`)).map(({ name }) => name.slice(item.name.length + 1)),
    }));
}

/** How the address names a resource. */
export const idOf = (resource: Pick<Resource, "group" | "plural">): string => (resource.group ? `${resource.plural}.${resource.group}` : resource.plural);
