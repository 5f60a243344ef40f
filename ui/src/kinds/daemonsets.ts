/** Daemon sets (apps/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import { selectorText } from "./object";
import { facts, podsSection, templateSection } from "./parts";
import type { DaemonSet } from "./shapes";
import { replicaBar, replicaStatus } from "./workload";
import { plural } from "./words";

export const daemonsets = define<DaemonSet>({
  icon: "daemonset",
  title: "DaemonSets",
  one: "daemon set",
  statusColumn: "Ready",
  status({ status }) {
    const wanted = status?.desiredNumberScheduled ?? 0;
    if (wanted === 0) return { tone: "unk", word: "No node wants it" };
    return replicaStatus(status?.numberReady ?? 0, wanted, (status?.updatedNumberScheduled ?? 0) < wanted);
  },
  verdict(set) {
    const leaving = deletionVerdict(set);
    if (leaving !== null) return leaving;
    const wanted = set.status?.desiredNumberScheduled ?? 0;
    const ready = set.status?.numberReady ?? 0;
    const misplaced = set.status?.numberMisscheduled ?? 0;
    if (ready < wanted) return { tone: ready === 0 ? "err" : "warn", head: `Ready on ${ready} of ${plural(wanted, "node")}.`, cause: ["The pods below say what they wait for."] };
    if (misplaced > 0) return { tone: "warn", head: "Runs where it should not.", cause: [`${plural(misplaced, "node")} no longer match its rules and still run a pod.`] };
    return null;
  },
  sections({ metadata, spec, status }) {
    const wanted = status?.desiredNumberScheduled ?? 0;
    return [
      {
        type: "bars",
        title: "Nodes",
        bars: [replicaBar("Scheduled", status?.currentNumberScheduled ?? 0, wanted), replicaBar("Ready", status?.numberReady ?? 0, wanted), replicaBar("Up to date", status?.updatedNumberScheduled ?? 0, wanted)],
      },
      podsSection(metadata?.namespace ?? "", selectorText(spec?.selector)),
      templateSection(spec?.template),
      { type: "facts", title: "Rules", folded: true, note: spec?.updateStrategy?.type ?? "", facts: facts(["Update", spec?.updateStrategy?.type], ["Selector", [{ code: selectorText(spec?.selector) }]]) },
    ];
  },
});
