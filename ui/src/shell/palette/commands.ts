/** What the palette offers to do: from anywhere, and with the selected row. */
import { copyText } from "../../app/clipboard";
import { current } from "../../app/current.svelte";
import type { IconName } from "../../app/icons";
import { router } from "../../app/router.svelte";
import { theme, THEMES } from "../../app/theme.svelte";
import type { Tone } from "../../app/types";
import { dock } from "../../dock/dock.svelte";
import { kindFor } from "../../kinds";
import { session } from "../../session/session.svelte";
import type { ClusterStore } from "../cluster.svelte";
import { overlays } from "../overlays.svelte";
import { signOut } from "../signout";

/** A line of the palette. */
export interface Item {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly icon?: IconName;
  readonly tone?: Tone;
  readonly mono?: boolean;
  readonly word?: string;
  readonly note?: string;
  /** The palette stays open. */
  readonly stay?: boolean;
  readonly run: () => void;
}

/** What can be done from anywhere. */
export function commandItems(): Item[] {
  const items: Item[] = [
    { id: "home", group: "Do", text: "All clusters", icon: "home", note: "g h", run: () => router.home() },
    { id: "help", group: "Do", text: "Keys and help", icon: "help", note: "?", run: () => overlays.show("help") },
    ...THEMES.filter(({ id }) => id !== theme.choice).map(({ id, label }): Item => ({ id: `theme ${id}`, group: "Do", text: `Appearance: ${label.toLowerCase()}`, icon: "sun", run: () => theme.set(id) })),
  ];
  if (session.current?.signed_in) items.push({ id: "sessions", group: "Do", text: "Your sessions", icon: "identity", run: () => overlays.show("sessions") });
  if (session.current?.doctor) items.push({ id: "diagnosis", group: "Do", text: "Diagnosis", icon: "shield", run: () => router.diagnosis() });
  if (session.current?.signed_in) items.push({ id: "out", group: "Do", text: "Sign out", icon: "out", run: () => void signOut() });
  return items;
}

/** What can be done with the selected row. */
export function rowItems(cluster: ClusterStore | null): Item[] {
  const { sel } = router.route;
  const resource = current.resource;
  if (!sel || !resource || !cluster) return [];
  const slash = sel.indexOf("/");
  const [namespace, name] = [slash < 0 ? "" : sel.slice(0, slash), sel.slice(slash + 1)];
  const group = `With ${name}`;
  const of = { cluster: cluster.name, namespace, pod: name };
  const can = kindFor(resource).actions;
  const items: Item[] = [
    { id: "page", group, text: "Open as a page", icon: "grow", note: "↵", run: () => router.go({ full: true }) },
    { id: "yaml", group, text: "YAML", icon: "edit", note: "y", run: () => router.go({ tab: "yaml" }) },
    { id: "events", group, text: "Events", icon: "event", run: () => router.go({ tab: "events" }) },
  ];
  if (can.includes("logs")) items.push({ id: "logs", group, text: "Logs", icon: "logs", note: "l", run: () => dock.openLogs(of) });
  if (can.includes("shell")) items.push({ id: "shell", group, text: "Shell", icon: "terminal", note: "s", run: () => dock.openTerminal(of) });
  const get = `kubectl get ${resource.plural} ${name}${namespace ? ` -n ${namespace}` : ""} -o yaml`;
  items.push({ id: "name", group, text: "Copy the name", icon: "copy", run: () => void copyText(name) }, { id: "command", group, text: "Copy", word: get, icon: "copy", run: () => void copyText(get) });
  return items;
}
