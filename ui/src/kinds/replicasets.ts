/** Replica sets (apps/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import { selectorText } from "./object";
import { facts, podsSection, templateSection } from "./parts";
import type { ReplicaSet } from "./shapes";
import { missingPods, replicaBar, replicaStatus } from "./workload";
import { sentence } from "./words";

export const replicasets = define<ReplicaSet>({
  icon: "deployment",
  title: "ReplicaSets",
  one: "replica set",
  statusColumn: "Ready",
  status: ({ spec, status }) => replicaStatus(status?.readyReplicas ?? 0, spec?.replicas ?? 1, false),
  verdict(set) {
    const failure = set.status?.conditions?.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
    if (failure !== undefined) return { tone: "err", head: "Pods can’t be created.", cause: [sentence(failure.message ?? failure.reason ?? "No reason given")] };
    return deletionVerdict(set) ?? missingPods(set.status?.readyReplicas ?? 0, set.spec?.replicas ?? 1);
  },
  sections({ metadata, spec, status }) {
    const wanted = spec?.replicas ?? 1;
    return [
      { type: "bars", title: "Replicas", bars: [replicaBar("Ready", status?.readyReplicas ?? 0, wanted), replicaBar("Available", status?.availableReplicas ?? 0, wanted)] },
      podsSection(metadata?.namespace ?? "", selectorText(spec?.selector)),
      templateSection(spec?.template),
      {
        type: "facts",
        title: "More",
        folded: true,
        facts: facts(["Revision", metadata?.annotations?.["deployment.kubernetes.io/revision"]], ["Selector", [{ code: selectorText(spec?.selector) }]]),
      },
    ];
  },
});
