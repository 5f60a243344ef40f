/** Persistent volume claims (core/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Verdict } from "./kind";
import { facts } from "./parts";
import type { PersistentVolumeClaim } from "./shapes";
import { toneOf } from "./tones";
import { sentence, to } from "./words";

const ACCESS: Readonly<Record<string, string>> = {
  ReadWriteOnce: "one node reads and writes",
  ReadOnlyMany: "many nodes read",
  ReadWriteMany: "many nodes read and write",
  ReadWriteOncePod: "one pod reads and writes",
};

export const persistentvolumeclaims = define<PersistentVolumeClaim>({
  icon: "disk",
  title: "Volume claims",
  one: "volume claim",
  statusColumn: "Status",
  status: (claim) => (claim.metadata?.deletionTimestamp === undefined ? { tone: toneOf(claim.status?.phase ?? "Unknown"), word: claim.status?.phase ?? "Unknown" } : { tone: "run", word: "Terminating" }),
  verdict(claim): Verdict | null {
    const leaving = deletionVerdict(claim);
    if (leaving !== null) return leaving;
    if (claim.status?.phase === "Lost") return { tone: "err", head: "Lost.", cause: ["The volume it was bound to no longer exists."] };
    if (claim.status?.phase === "Pending") {
      return { tone: "warn", head: "Not bound.", cause: [claim.spec?.storageClassName === undefined ? "It names no storage class, and no volume fits." : `The storage class ${claim.spec.storageClassName} has not given it a volume; some wait for the first pod.`], more: ["The events say more if it failed."] };
    }
    const resizing = claim.status?.conditions?.find(({ status }) => status === "True");
    return resizing === undefined ? null : { tone: "run", head: `${resizing.type}.`, cause: [sentence(resizing.message === undefined || resizing.message === "" ? (resizing.reason ?? "It is being resized") : resizing.message)] };
  },
  sections({ spec, status }) {
    return [
      {
        type: "facts",
        title: "Storage",
        facts: facts(
          ["Size", status?.capacity?.["storage"]],
          ["Asked for", spec?.resources?.requests?.["storage"]],
          ["Storage class", spec?.storageClassName === undefined ? undefined : [to("storageclasses.storage.k8s.io", "", spec.storageClassName)]],
          ["Volume", spec?.volumeName === undefined ? undefined : [to("persistentvolumes", "", spec.volumeName)]],
          ["Access", spec?.accessModes?.map((mode) => ACCESS[mode] ?? mode).join(", ")],
          ["Mode", spec?.volumeMode],
        ),
      },
    ];
  },
});
