/** Which shape and colour a status word of kubectl's gets. */

import type { Tone } from "../app/types";

const WORDS: ReadonlyMap<string, Tone> = new Map(Object.entries<Tone>({
  Running: "ok", Ready: "ok", Active: "ok", Bound: "ok", Available: "ok", True: "ok", Established: "ok", Healthy: "ok", Synced: "ok", Normal: "ok", Deployed: "ok", Approved: "ok",
  Completed: "done", Complete: "done", Succeeded: "done",
  ContainerCreating: "run", PodInitializing: "run", Terminating: "run", Progressing: "run", Provisioning: "run", Creating: "run", Updating: "run", Reconciling: "run", Suspended: "unk",
  Pending: "warn", NotReady: "warn", SchedulingGated: "warn", Warning: "warn", Released: "warn", SchedulingDisabled: "warn", Degraded: "warn",
  Failed: "err", Error: "err", CrashLoopBackOff: "err", ImagePullBackOff: "err", ErrImagePull: "err", InvalidImageName: "err", CreateContainerConfigError: "err", CreateContainerError: "err", RunContainerError: "err",
  OOMKilled: "err", Evicted: "err", ContainerCannotRun: "err", DeadlineExceeded: "err", Lost: "err", StartError: "err", UnexpectedAdmissionError: "err", NodeAffinity: "err", Preempting: "warn",
  Unknown: "unk", "<unknown>": "unk", "<none>": "unk",
}));

/** The tone of a status word: `Init:1/2`, `Ready,SchedulingDisabled` and the like included. */
export function toneOf(word: string): Tone {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  if (/^Init:\d+\/\d+$/.test(word)) return "run";
  if (word.startsWith("Init:")) return toneOf(word.slice(5)) === "unk" ? "err" : toneOf(word.slice(5));
  if (/^(?:ExitCode|Signal):/.test(word)) return "err";
  if (word.includes(",")) {
    const tones = word.split(",").map(toneOf);
    return (["err", "warn", "run"] as const).find((tone) => tones.includes(tone)) ?? tones[0] ?? "unk";
  }
  if (/(?:Error|Failed|BackOff)$/.test(word)) return "err";
  return "unk";
}
