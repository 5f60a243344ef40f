/** Nodes (core/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Phrase, Section, Verdict } from "./kind";
import { conditionNote, facts, isGood, podsSection, since } from "./parts";
import type { Node } from "./shapes";
import { sentence } from "./words";

export const nodes = define<Node>({
  icon: "node",
  title: "Nodes",
  one: "node",
  statusColumn: "Status",
  status(node) {
    const ready = readyOf(node);
    const cordoned = node.spec?.unschedulable === true;
    if (ready?.status === "True") return cordoned ? { tone: "warn", word: "Ready, SchedulingDisabled" } : { tone: "ok", word: "Ready" };
    return { tone: ready?.status === "Unknown" || ready === undefined ? "unk" : "err", word: "NotReady" };
  },
  verdict,
  sections(node): readonly Section[] {
    const { spec, status, metadata } = node;
    const conditions = status?.conditions ?? [];
    const info = status?.nodeInfo;
    const taints = spec?.taints ?? [];
    const sections: Section[] = [
      {
        type: "table",
        title: "Room",
        head: ["", "For pods", "In all"],
        rows: ["cpu", "memory", "ephemeral-storage", "pods"].map((name): Phrase[] => [[name], [status?.allocatable?.[name] ?? "not known"], [status?.capacity?.[name] ?? "not known"]]),
      },
      { type: "conditions", title: "Conditions", note: conditionNote(conditions), conditions },
      {
        type: "facts",
        title: "Machine",
        facts: facts(
          ...(status?.addresses ?? []).map(({ type, address }) => [type, [{ code: address }]] as const),
          ["Kubelet", info?.kubeletVersion],
          ["System", info?.osImage],
          ["Kernel", info?.kernelVersion],
          ["Runtime", info?.containerRuntimeVersion],
          ["Architecture", info?.architecture],
          ["Pod network", spec?.podCIDR],
          ["Provider ID", spec?.providerID === undefined ? undefined : [{ code: spec.providerID }]],
        ),
      },
    ];
    if (taints.length > 0) sections.push({ type: "table", title: "Taints", note: String(taints.length), head: ["Taint", "Effect"], rows: taints.map(({ key, value, effect }) => [[{ code: value === undefined || value === "" ? key : `${key}=${value}` }], [effect]]) });
    sections.push(podsSection("", "", `spec.nodeName=${metadata?.name ?? ""}`));
    return sections;
  },
});

function readyOf(node: Node) {
  return node.status?.conditions?.find(({ type }) => type === "Ready");
}

function verdict(node: Node): Verdict | null {
  const ready = readyOf(node);
  if (ready !== undefined && ready.status !== "True") {
    const when = since(ready);
    const head = ready.status === "Unknown" ? "Not heard from." : "Not ready.";
    return { tone: "err", head, cause: [sentence(ready.message ?? ready.reason ?? "The node does not say why")], ...(when.length > 0 ? { more: ["Since ", ...when, "."] } : {}) };
  }
  const pressed = node.status?.conditions?.find((each) => each.type !== "Ready" && isGood(each) === false);
  if (pressed !== undefined) return { tone: "warn", head: `${pressed.type}.`, cause: [sentence(pressed.message ?? pressed.reason ?? "The node does not say why")] };
  if (node.spec?.unschedulable === true) return { tone: "warn", head: "Cordoned.", cause: ["No new pods are placed on it."] };
  return deletionVerdict(node);
}
