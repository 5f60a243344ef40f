/** Services (core/v1). */

import { define } from "./define";
import type { Phrase, Section } from "./kind";
import { facts, podsSection } from "./parts";
import type { Service } from "./shapes";

export const services = define<Service>({
  icon: "service",
  title: "Services",
  one: "service",
  statusColumn: null,
  status: ({ spec, status }) => {
    if (spec?.type === "LoadBalancer" && (status?.loadBalancer?.ingress ?? []).length === 0) return { tone: "warn", word: "No address yet" };
    return { tone: "ok", word: spec?.type ?? "ClusterIP" };
  },
  verdict: ({ spec, status }) =>
    spec?.type === "LoadBalancer" && (status?.loadBalancer?.ingress ?? []).length === 0
      ? { tone: "warn", head: "No outside address yet.", cause: ["The cluster’s load balancer has not given it one. The events say more if it failed."] }
      : null,
  sections(service) {
    const { metadata, spec, status } = service;
    const selector = Object.entries(spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`).join(",");
    const outside = (status?.loadBalancer?.ingress ?? []).map(({ hostname, ip }) => hostname ?? ip ?? "");
    const sections: Section[] = [
      {
        type: "facts",
        title: "Reached at",
        facts: facts(
          ["Type", spec?.type],
          ["Inside", spec?.clusterIP === "None" ? "headless: names lead to the pods themselves" : codes(spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]))],
          ["Name", metadata?.name === undefined ? undefined : [{ code: `${metadata.name}.${metadata.namespace ?? ""}.svc` }]],
          ["Outside", codes([...outside, ...(spec?.externalIPs ?? [])])],
          ["Stands for", spec?.externalName === undefined ? undefined : [{ code: spec.externalName }]],
          ["Affinity", spec?.sessionAffinity === "None" ? undefined : spec?.sessionAffinity],
          ["Outside traffic", spec?.externalTrafficPolicy],
        ),
      },
    ];
    const ports = spec?.ports ?? [];
    if (ports.length > 0) {
      sections.push({
        type: "table",
        title: "Ports",
        head: ["Port", "To", "Name", "Node port"],
        rows: ports.map(({ name, port, protocol, targetPort, nodePort }) => [
          [{ code: `${port}/${protocol ?? "TCP"}` }],
          [{ code: String(targetPort ?? port) }],
          [name ?? ""],
          [nodePort === undefined ? "" : String(nodePort)],
        ]),
      });
    }
    if (selector !== "") sections.push(podsSection(metadata?.namespace ?? "", selector));
    else if (spec?.type !== "ExternalName") sections.push({ type: "facts", title: "Pods", facts: facts(["Selector", "none: its endpoints are kept by something else"]) });
    return sections;
  },
});

function codes(values: readonly string[]): Phrase | undefined {
  if (values.length === 0) return undefined;
  return values.flatMap((value, index): Phrase => (index === 0 ? [{ code: value }] : [", ", { code: value }]));
}
