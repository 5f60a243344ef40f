/** What rows sort by, and are filtered by, in a column whose cells are no plain values; the server does the same. */
import type { Cell } from "../../app/types";
import type { ContainerState, ExtraCell, ExtraType, Owner, Quantity, Restart, Usage } from "../../live/protocol";

/** What is wrong with a pod's containers comes first. */
const WORST_FIRST = ["waiting", "", "terminated", "running"];

/** The number of a quantity or a use; all else as a text, null when there is nothing. */
export function plain(type: ExtraType, cell: ExtraCell | undefined): Cell {
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== "object") return cell;
  if (type === "quantity" || type === "usage") return (cell as Quantity | Usage).value;
  if (type === "owner") return `${(cell as Owner).kind}/${(cell as Owner).name}`;
  if (type === "restart") {
    const { reason, exit_code, container } = cell as Restart;
    return words(reason, String(exit_code), container);
  }
  const containers = [...(cell as readonly ContainerState[])].sort((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  return containers.map(({ state, reason, name }) => words(state || "unknown", reason ?? "", name)).join(", ") || null;
}

const words = (...parts: readonly string[]): string => parts.filter(Boolean).join(" ");
