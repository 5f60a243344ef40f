/** Config maps (core/v1). */

import { define } from "./define";
import type { DataEntry } from "./kind";
import type { ConfigMap } from "./shapes";
import { plural } from "./words";

export const configmaps = define<ConfigMap>({
  icon: "config",
  title: "ConfigMaps",
  one: "config map",
  statusColumn: null,
  status: () => null,
  verdict: () => null,
  path: ({ immutable }) => (immutable === true ? [", immutable"] : []),
  sections({ data, binaryData }) {
    const entries: DataEntry[] = [
      ...Object.entries(data ?? {}).map(([key, value]): DataEntry => ({ key, value, encoding: "text" })),
      ...Object.entries(binaryData ?? {}).map(([key, value]): DataEntry => ({ key, value, encoding: "base64" })),
    ];
    return [{ type: "data", title: "Data", note: plural(entries.length, "key"), entries, hidden: false }];
  },
});
