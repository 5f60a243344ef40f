/** Deployments (apps/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Section, Verdict } from "./kind";
import { selectorText } from "./object";
import { conditionNote, facts, podsSection, since, templateSection } from "./parts";
import type { Deployment } from "./shapes";
import { missingPods, replicaBar, replicaStatus } from "./workload";
import { plural, stop } from "./words";

export const deployments = define<Deployment>({
  icon: "deployment",
  title: "Deployments",
  one: "deployment",
  statusColumn: "Ready",
  status(deployment) {
    const [ready, wanted] = counts(deployment);
    return replicaStatus(ready, wanted, isRolling(deployment));
  },
  verdict,
  sections(deployment) {
    const { spec, status } = deployment;
    const [ready, wanted] = counts(deployment);
    const conditions = status?.conditions ?? [];
    const rolling = spec?.strategy?.rollingUpdate;
    const sections: Section[] = [
      {
        type: "bars",
        title: "Replicas",
        note: spec?.paused === true ? "paused" : isRolling(deployment) ? "rolling out" : "",
        bars: [replicaBar("Ready", ready, wanted), replicaBar("Up to date", status?.updatedReplicas ?? 0, wanted), replicaBar("Available", status?.availableReplicas ?? 0, wanted)],
      },
      podsSection(deployment.metadata?.namespace ?? "", selectorText(spec?.selector)),
      templateSection(spec?.template),
      {
        type: "facts",
        title: "Strategy",
        note: spec?.strategy?.type ?? "",
        folded: true,
        facts: facts(
          ["Type", spec?.strategy?.type],
          ["May be missing", rolling?.maxUnavailable],
          ["May be too many", rolling?.maxSurge],
          ["Selector", [{ code: selectorText(spec?.selector) }]],
          ["Revision", deployment.metadata?.annotations?.["deployment.kubernetes.io/revision"]],
        ),
      },
      { type: "conditions", title: "Conditions", note: conditionNote(conditions), folded: true, conditions },
    ];
    return sections;
  },
});

function counts({ spec, status }: Deployment): [ready: number, wanted: number] {
  return [status?.readyReplicas ?? 0, spec?.replicas ?? 1];
}

function isRolling({ metadata, spec, status }: Deployment): boolean {
  const behind = (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0);
  const stuck = status?.conditions?.some(({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded") === true;
  return behind || (!stuck && (status?.updatedReplicas ?? 0) < (spec?.replicas ?? 1)) || (!stuck && (status?.replicas ?? 0) > (status?.updatedReplicas ?? 0));
}

function verdict(deployment: Deployment): Verdict | null {
  const leaving = deletionVerdict(deployment);
  if (leaving !== null) return leaving;
  const [ready, wanted] = counts(deployment);
  const head = `${ready} of ${plural(wanted, "pod")} ready.`;
  const conditions = deployment.status?.conditions ?? [];
  const failure = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (failure !== undefined) return { tone: "err", head, cause: ["Pods can’t be created: ", stop(failure.message ?? failure.reason ?? "no reason given")] };
  const progress = conditions.find(({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded");
  if (progress !== undefined) {
    const when = since(progress);
    return { tone: "err", head, cause: ["The rollout is stuck", ...(when.length > 0 ? [", given up ", ...when] : []), ". The pods below say what they wait for."] };
  }
  if (deployment.spec?.paused === true) return { tone: "warn", head: "Paused.", cause: ["Changes to its template are not rolled out until it is resumed."] };
  if (isRolling(deployment)) {
    return { tone: "run", head: "Rolling out.", cause: [`${deployment.status?.updatedReplicas ?? 0} of ${plural(wanted, "pod")} run the new revision, ${ready} are ready.`] };
  }
  return missingPods(ready, wanted);
}
