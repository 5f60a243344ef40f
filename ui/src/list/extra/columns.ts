/** Extra columns as the list draws them. */
import { humanDuration } from "../../app/age";
import type { ExtraColumns } from "../../live/extra.svelte";
import type { ContainerState, ExtraCell, ExtraDefinition, ExtraType, Quantity, Restart, Usage } from "../../live/protocol";
import type { Row } from "../../live/rows.svelte";
import type { ShownColumn } from "../columns";
import { sortKey, type SortKey } from "../sort";
import { titleOf } from "./catalogue";
import { plain } from "./plain";

/** Its `name` is the column's id, which no column of the API server has. */
export interface ShownExtra extends ShownColumn {
  readonly title: string;
  readonly role: "extra";
  readonly extra: ExtraDefinition;
}

/** The columns of `ids`, with what the server says of them as far as it has. */
export function describeExtras(ids: readonly string[], definitions: readonly ExtraDefinition[]): ShownExtra[] {
  return ids.map((id) => {
    const extra = definitions.find((definition) => definition.id === id) ?? { id, name: "", type: "string", problem: "" };
    return {
      index: -1,
      name: id,
      title: extra.name === "" || extra.name === id ? titleOf(id) : extra.name,
      role: "extra",
      numeric: extra.type === "quantity" || extra.type === "usage",
      mono: extra.type === "string",
      description: extra.problem || id,
      wide: false,
      extra,
    };
  });
}

/** What a row sorts by in a column. */
export const extraSortKey = (cells: ExtraColumns, { id, type }: ExtraDefinition, row: Row): SortKey => sortKey(plain(type, cells.cell(row.key, id)));

/** A cell of an extra column as text: what it says, for widths and for titles. */
export function extraText(type: ExtraType, cell: ExtraCell | undefined, now: number): string {
  if (cell === undefined) return "";
  if (cell === null) return "<none>";
  if (type === "quantity") return (cell as Quantity).text;
  if (type === "usage") {
    const share = shareOf(cell as Usage);
    return (cell as Usage).text + (share ? ` ${share.percent} %` : "");
  }
  if (type === "restart") return restartText(cell as Restart, now);
  return String(plain(type, cell) ?? "");
}

export function restartText({ reason, exit_code, at }: Restart, now: number): string {
  return `${reason || "Ended"} (${exit_code})${at === null ? "" : ` ${humanDuration(now - at)} ago`}`;
}

/** How much of its limit a pod uses, or of its request when it has no limit. */
export function shareOf({ value, limit, request }: Usage): { readonly percent: number; readonly of: "limit" | "request" } | null {
  const most = limit ?? request;
  if (value === null || !most) return null;
  return { percent: Math.round((100 * value) / most), of: limit === null ? "request" : "limit" };
}

/** A container in words: `proxy: waiting, CrashLoopBackOff, 5 restarts`. */
export function containerWords({ name, state, ready, restarts, reason, exit_code, init }: ContainerState): string {
  const said = [state || "not known yet"];
  if (reason) said.push(reason);
  if (exit_code !== undefined) said.push(`exit code ${exit_code}`);
  if (state === "running" && !init) said.push(ready ? "ready" : "not ready");
  if (restarts) said.push(restarts === 1 ? "1 restart" : `${restarts} restarts`);
  return `${name}${init ? " (init)" : ""}: ${said.join(", ")}`;
}

/** Pixels that a container's mark takes. */
const MARK = 14;

/** What a cell takes: a text, or pixels. */
export function extraExtent(type: ExtraType, cell: ExtraCell | undefined, now: number): string | number {
  return type === "containers" && cell ? (cell as readonly ContainerState[]).length * MARK : extraText(type, cell, now);
}
