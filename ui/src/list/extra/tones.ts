/** Which shape and colour a container of a pod has in a list. */
import type { Tone } from "../../app/types";
import { toneOf } from "../../kinds";
import type { ContainerState } from "../../live/protocol";

export function toneOfContainer({ state, ready, reason, exit_code, init }: ContainerState): Tone {
  if (state === "running") return ready || init ? "ok" : "warn";
  if (state === "terminated") return exit_code === 0 ? "done" : "err";
  if (state === "waiting") {
    const tone = toneOf(reason ?? "");
    return tone === "unk" ? "run" : tone;
  }
  return "unk";
}
