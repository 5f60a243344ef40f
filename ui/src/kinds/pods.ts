/** Pods (core/v1). */

import { containersOf, readiness } from "./containers";
import { define } from "./define";
import type { Fact, Inline, Phrase, Section } from "./kind";
import { conditionNote, facts } from "./parts";
import { podStatus } from "./pod-status";
import { podVerdict, probeText } from "./pod-verdict";
import type { Container, Pod, Volume } from "./shapes";
import { plural, to } from "./words";

export const pods = define<Pod>({
  icon: "pod",
  title: "Pods",
  one: "pod",
  statusColumn: "Status",
  actions: ["logs", "shell"],
  status: podStatus,
  verdict: podVerdict,
  path: (pod) => (pod.spec?.nodeName === undefined ? [] : [", on ", to("nodes", "", pod.spec.nodeName)]),
  sections(pod) {
    const [ready, total] = readiness(pod);
    const namespace = pod.metadata?.namespace ?? "";
    const conditions = pod.status?.conditions ?? [];
    const sections: Section[] = [
      { type: "containers", title: "Containers", note: `${ready} of ${total} ready`, containers: containersOf(pod) },
      { type: "facts", title: "Where and how", facts: placement(pod, namespace) },
      { type: "conditions", title: "Conditions", note: conditionNote(conditions), folded: true, conditions },
    ];
    const probes = (pod.spec?.containers ?? []).flatMap(probesOf);
    if (probes.length > 0) sections.push({ type: "facts", title: "Probes", note: String(probes.length), folded: true, facts: probes });
    const volumes = pod.spec?.volumes ?? [];
    if (volumes.length > 0) {
      sections.push({ type: "facts", title: "Volumes", note: String(volumes.length), folded: true, facts: volumes.map((volume) => ({ label: volume.name, value: sourceOf(volume, namespace) })) });
    }
    return sections;
  },
});

function placement(pod: Pod, namespace: string): Fact[] {
  const { spec, status } = pod;
  const account = spec?.serviceAccountName;
  return facts(
    ["Pod IP", status?.podIP === undefined ? undefined : [{ code: status.podIP }]],
    ["Node IP", status?.hostIP === undefined ? undefined : [{ code: status.hostIP }]],
    ["Service account", account === undefined ? undefined : [to("serviceaccounts", namespace, account)]],
    ["Quality of service", status?.qosClass],
    ["Priority class", spec?.priorityClassName],
    ["Restarts", spec?.restartPolicy === undefined || spec.restartPolicy === "Always" ? undefined : `Restart policy ${spec.restartPolicy}`],
  );
}

function probesOf(container: Container): Fact[] {
  const named = [["readiness", container.readinessProbe], ["liveness", container.livenessProbe], ["startup", container.startupProbe]] as const;
  return named.flatMap(([name, probe]): Fact[] => {
    if (probe === undefined) return [];
    const value: Inline[] = [probeText(probe)];
    if (probe.periodSeconds !== undefined) value.push(`, every ${probe.periodSeconds} s`);
    return [{ label: `${container.name}, ${name}`, value }];
  });
}

/** What a volume is filled from. */
function sourceOf(volume: Volume, namespace: string): Phrase {
  if (volume.configMap?.name !== undefined) return ["ConfigMap ", to("configmaps", namespace, volume.configMap.name)];
  if (volume.secret?.secretName !== undefined) return ["Secret ", to("secrets", namespace, volume.secret.secretName)];
  if (volume.persistentVolumeClaim !== undefined) return ["Claim ", to("persistentvolumeclaims", namespace, volume.persistentVolumeClaim.claimName)];
  const source = Object.keys(volume).find((key) => key !== "name");
  return [source ?? plural(0, "source")];
}
