/** Jobs (batch/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Status, Verdict } from "./kind";
import { seconds, selectorText } from "./object";
import { conditionNote, facts, podsSection, since, templateSection } from "./parts";
import type { Job } from "./shapes";
import { inWords } from "../app/age";
import { plural, sentence } from "./words";

export const jobs = define<Job>({
  icon: "job",
  title: "Jobs",
  one: "job",
  statusColumn: "Status",
  status(job): Status {
    if (job.metadata?.deletionTimestamp !== undefined) return { tone: "run", word: "Terminating" };
    if (holds(job, "Failed") !== undefined) return { tone: "err", word: "Failed" };
    if (holds(job, "Complete") !== undefined) return { tone: "done", word: "Complete" };
    if (job.spec?.suspend === true) return { tone: "unk", word: "Suspended" };
    return { tone: "run", word: "Running" };
  },
  verdict,
  sections(job, now) {
    const { spec, status, metadata } = job;
    const wanted = spec?.completions ?? 1;
    const done = status?.succeeded ?? 0;
    const failed = status?.failed ?? 0;
    const started = seconds(status?.startTime);
    const ended = seconds(status?.completionTime);
    const conditions = status?.conditions ?? [];
    return [
      {
        type: "bars",
        title: "Completions",
        bars: [
          { label: "Succeeded", done, total: wanted, text: `${done} of ${wanted}`, tone: done >= wanted ? "ok" : "run" },
          ...(failed > 0 ? [{ label: "Failed", done: failed, total: (spec?.backoffLimit ?? 6) + 1, text: `${failed} of at most ${(spec?.backoffLimit ?? 6) + 1}`, tone: "err" as const }] : []),
        ],
      },
      {
        type: "facts",
        title: "Run",
        facts: facts(
          ["Started", started === undefined ? undefined : [{ at: started, as: "ago" }]],
          ["Took", started === undefined ? undefined : inWords((ended ?? now) - started) + (ended === undefined ? " so far" : "")],
          ["At once", spec?.parallelism],
          ["Time limit", spec?.activeDeadlineSeconds === undefined ? undefined : inWords(spec.activeDeadlineSeconds)],
          ["Kept afterwards", spec?.ttlSecondsAfterFinished === undefined ? undefined : inWords(spec.ttlSecondsAfterFinished)],
        ),
      },
      podsSection(metadata?.namespace ?? "", selectorText(spec?.selector)),
      templateSection(spec?.template),
      { type: "conditions", title: "Conditions", note: conditionNote(conditions), folded: true, conditions },
    ];
  },
});

function holds(job: Job, type: string) {
  return job.status?.conditions?.find((each) => each.type === type && each.status === "True");
}

function verdict(job: Job): Verdict | null {
  const failed = holds(job, "Failed");
  if (failed !== undefined) {
    const when = since(failed);
    const tries = job.status?.failed ?? 0;
    const why = failed.reason === "BackoffLimitExceeded" ? `${plural(tries, "pod")} failed, and that is as often as it may try` : failed.reason === "DeadlineExceeded" ? "It ran longer than its time limit" : (failed.message ?? failed.reason ?? "No reason given");
    return { tone: "err", head: "Failed.", cause: [sentence(why)], ...(when.length > 0 ? { more: ["Given up ", ...when, "."] } : {}) };
  }
  const leaving = deletionVerdict(job);
  if (leaving !== null) return leaving;
  if (job.spec?.suspend === true) return { tone: "warn", head: "Suspended.", cause: ["No pods run until it is resumed."] };
  const tries = job.status?.failed ?? 0;
  if (tries > 0 && holds(job, "Complete") === undefined) return { tone: "warn", head: `${plural(tries, "try", "tries")} failed.`, cause: [`It may fail ${plural((job.spec?.backoffLimit ?? 6) - tries, "more time")} before it is given up.`] };
  return null;
}
