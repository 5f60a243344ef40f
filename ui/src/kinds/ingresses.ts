/** Ingresses (networking.k8s.io/v1). */

import { define } from "./define";
import type { Phrase, Section } from "./kind";
import { facts } from "./parts";
import type { Ingress } from "./shapes";
import { joined, to } from "./words";

type Backend = NonNullable<NonNullable<Ingress["spec"]>["defaultBackend"]>;

export const ingresses = define<Ingress>({
  icon: "ingress",
  title: "Ingresses",
  one: "ingress",
  statusColumn: null,
  status: (ingress) => (addresses(ingress).length > 0 ? { tone: "ok", word: "Has an address" } : { tone: "warn", word: "No address yet" }),
  verdict: (ingress) =>
    addresses(ingress).length > 0 ? null : { tone: "warn", head: "No address yet.", cause: ["No ingress controller has taken it up", ingress.spec?.ingressClassName === undefined ? ", and it names no class." : ` for the class ${ingress.spec.ingressClassName}.`] },
  sections(ingress) {
    const { metadata, spec } = ingress;
    const namespace = metadata?.namespace ?? "";
    const secure = new Set((spec?.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
    const rows = (spec?.rules ?? []).flatMap(({ host, http }) =>
      (http?.paths ?? []).map(({ path, pathType, backend }): Phrase[] => [
        [{ code: `${secure.has(host ?? "") ? "https" : "http"}://${host ?? "*"}${path ?? "/"}` }, pathType === "Exact" ? " exactly" : ""],
        target(backend, namespace),
      ]),
    );
    const sections: Section[] = [
      { type: "table", title: "Routes", note: String(rows.length), head: ["Address", "Service"], rows },
      {
        type: "facts",
        title: "Reached at",
        facts: facts(
          ["Class", spec?.ingressClassName === undefined ? undefined : [to("ingressclasses.networking.k8s.io", "", spec.ingressClassName)]],
          ["Addresses", addresses(ingress).length === 0 ? undefined : joined(addresses(ingress).map((each) => [{ code: each }]))],
          ["Everything else", spec?.defaultBackend === undefined ? undefined : target(spec.defaultBackend, namespace)],
          ...(spec?.tls ?? []).map(({ hosts, secretName }) => [`TLS ${(hosts ?? ["all hosts"]).join(", ")}`, secretName === undefined ? "the controller’s certificate" : [to("secrets", namespace, secretName)]] as const),
        ),
      },
    ];
    return sections;
  },
});

function addresses({ status }: Ingress): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ hostname, ip }) => hostname ?? ip ?? []);
}

function target(backend: Backend | undefined, namespace: string): Phrase {
  if (backend?.service !== undefined) {
    const { name, port } = backend.service;
    return [to("services", namespace, name), `:${port?.name ?? port?.number ?? ""}`];
  }
  return backend?.resource === undefined ? ["none"] : [`${backend.resource.kind} ${backend.resource.name}`];
}
