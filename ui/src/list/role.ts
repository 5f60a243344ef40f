/** The smallest grant that would help, as YAML for somebody who may grant it. */
import type { Resource } from "../app/types";

/** Roles for namespaces, or a ClusterRole when `namespaces` is empty, that allow a list to be read and followed. */
export function roleFor(resource: Resource, namespaces: readonly string[]): string {
  const name = `${resource.plural}-reader`;
  const one = (namespace: string): string =>
    [
      "apiVersion: rbac.authorization.k8s.io/v1",
      `kind: ${namespace ? "Role" : "ClusterRole"}`,
      "metadata:",
      `  name: ${name}`,
      ...(namespace ? [`  namespace: ${namespace}`] : []),
      "rules:",
      `- apiGroups: ["${resource.group}"]`,
      `  resources: [${resource.plural}]`,
      "  verbs: [get, list, watch]",
      "",
    ].join("\n");
  return (namespaces.length ? namespaces : [""]).map(one).join("---\n");
}
