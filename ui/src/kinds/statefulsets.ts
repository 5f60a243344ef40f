/** Stateful sets (apps/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import { selectorText } from "./object";
import { facts, podsSection, templateSection } from "./parts";
import type { StatefulSet } from "./shapes";
import { missingPods, replicaBar, replicaStatus } from "./workload";
import { to } from "./words";

export const statefulsets = define<StatefulSet>({
  icon: "statefulset",
  title: "StatefulSets",
  one: "stateful set",
  statusColumn: "Ready",
  status: (set) => replicaStatus(set.status?.readyReplicas ?? 0, set.spec?.replicas ?? 1, isRolling(set)),
  verdict(set) {
    const leaving = deletionVerdict(set);
    if (leaving !== null) return leaving;
    const ready = set.status?.readyReplicas ?? 0;
    const wanted = set.spec?.replicas ?? 1;
    if (isRolling(set)) return { tone: "run", head: "Rolling out.", cause: [`${set.status?.updatedReplicas ?? 0} of ${wanted} pods run the new revision, one after the other.`] };
    return missingPods(ready, wanted);
  },
  sections(set) {
    const { spec, status, metadata } = set;
    const namespace = metadata?.namespace ?? "";
    const wanted = spec?.replicas ?? 1;
    return [
      { type: "bars", title: "Replicas", bars: [replicaBar("Ready", status?.readyReplicas ?? 0, wanted), replicaBar("Up to date", status?.updatedReplicas ?? status?.replicas ?? 0, wanted)] },
      podsSection(namespace, selectorText(spec?.selector)),
      templateSection(spec?.template),
      {
        type: "facts",
        title: "Identity and storage",
        facts: facts(
          ["Service", spec?.serviceName === undefined || spec.serviceName === "" ? undefined : [to("services", namespace, spec.serviceName)]],
          ["Order", spec?.podManagementPolicy],
          ["Update", spec?.updateStrategy?.type],
          ...(spec?.volumeClaimTemplates ?? []).map((claim) => [`Claim ${claim.metadata?.name ?? ""}`, claim.spec?.resources?.requests?.["storage"]] as const),
          ["Selector", [{ code: selectorText(spec?.selector) }]],
        ),
      },
    ];
  },
});

function isRolling({ spec, status }: StatefulSet): boolean {
  return status?.updateRevision !== undefined && status.currentRevision !== undefined && status.updateRevision !== status.currentRevision && spec?.updateStrategy?.type !== "OnDelete";
}
