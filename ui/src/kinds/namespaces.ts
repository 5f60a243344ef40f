/** Namespaces (core/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Verdict } from "./kind";
import { facts } from "./parts";
import type { Namespace } from "./shapes";
import { sentence } from "./words";
import { toneOf } from "./tones";

export const namespaces = define<Namespace>({
  icon: "namespace",
  title: "Namespaces",
  one: "namespace",
  statusColumn: "Status",
  status: ({ status }) => ({ tone: toneOf(status?.phase ?? "Unknown"), word: status?.phase ?? "Unknown" }),
  verdict(namespace): Verdict | null {
    const leaving = deletionVerdict(namespace);
    if (leaving === null) return null;
    // A namespace that hangs says in its conditions what could not be deleted.
    const stuck = namespace.status?.conditions?.find(({ status }) => status === "True");
    return stuck === undefined ? leaving : { ...leaving, tone: "warn", more: [sentence(stuck.message ?? stuck.reason ?? stuck.type)] };
  },
  sections({ metadata, status }) {
    const name = metadata?.name ?? "";
    const links = [["Pods", "pods"], ["Deployments", "deployments.apps"], ["Services", "services"], ["Config maps", "configmaps"], ["Events", "events"]] as const;
    return [
      { type: "facts", title: "What is in it", facts: links.map(([label, resource]) => ({ label, value: [{ link: { resource, namespace: name, name: "" }, text: `${label} in ${name}` }] })) },
      { type: "facts", title: "State", facts: facts(["Phase", status?.phase], ["Pod security", metadata?.labels?.["pod-security.kubernetes.io/enforce"]]) },
    ];
  },
});
