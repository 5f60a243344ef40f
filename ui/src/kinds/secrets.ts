/** Secrets (core/v1). Their values stay hidden until somebody asks for one. */

import { define } from "./define";
import type { DataEntry, Section } from "./kind";
import { facts } from "./parts";
import type { Secret } from "./shapes";
import { plural } from "./words";

const TYPES: Readonly<Record<string, string>> = {
  Opaque: "anything",
  "kubernetes.io/tls": "a certificate and its key",
  "kubernetes.io/dockerconfigjson": "sign-in data of image registries",
  "kubernetes.io/service-account-token": "a service account’s token",
  "kubernetes.io/basic-auth": "a name and a password",
  "kubernetes.io/ssh-auth": "an SSH key",
  "helm.sh/release.v1": "a Helm release",
};

export const secrets = define<Secret>({
  icon: "key",
  title: "Secrets",
  one: "secret",
  statusColumn: null,
  status: () => null,
  verdict: () => null,
  path: ({ immutable }) => (immutable === true ? [", immutable"] : []),
  sections({ type, data }): readonly Section[] {
    const entries = Object.entries(data ?? {}).map(([key, value]): DataEntry => ({ key, value, encoding: "base64" }));
    const meaning = TYPES[type ?? "Opaque"];
    return [
      { type: "data", title: "Data", note: plural(entries.length, "key"), entries, hidden: true },
      { type: "facts", title: "Type", facts: facts(["Type", [{ code: type ?? "Opaque" }]], ["Holds", meaning]) },
    ];
  },
});
