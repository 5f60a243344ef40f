/** Cron jobs (batch/v1). */

import { define } from "./define";
import { deletionVerdict } from "./generic";
import type { Phrase } from "./kind";
import { seconds } from "./object";
import { facts, templateSection } from "./parts";
import type { CronJob } from "./shapes";
import { joined, to } from "./words";

const CONCURRENCY: Readonly<Record<string, string>> = {
  Allow: "runs may overlap",
  Forbid: "a run is left out while the last one goes on",
  Replace: "a new run ends the last one",
};

export const cronjobs = define<CronJob>({
  icon: "clock",
  title: "CronJobs",
  one: "cron job",
  statusColumn: "Suspend",
  status({ spec, status }) {
    if (spec?.suspend === true) return { tone: "unk", word: "Suspended" };
    return (status?.active?.length ?? 0) > 0 ? { tone: "run", word: "Running" } : { tone: "ok", word: "Scheduled" };
  },
  verdict(job) {
    if (job.spec?.suspend === true) return { tone: "warn", head: "Suspended.", cause: ["No new runs are started until it is resumed."] };
    const last = seconds(job.status?.lastScheduleTime);
    const success = seconds(job.status?.lastSuccessfulTime);
    const idle = (job.status?.active?.length ?? 0) === 0;
    if (idle && last !== undefined && (success === undefined || success < last)) {
      const cause: Phrase = success === undefined ? ["None of its runs has succeeded yet."] : ["The last one that succeeded ended ", { at: success, as: "ago" }, "."];
      return { tone: "err", head: "The last run did not succeed.", cause };
    }
    return deletionVerdict(job);
  },
  sections({ metadata, spec, status }) {
    const last = seconds(status?.lastScheduleTime);
    const success = seconds(status?.lastSuccessfulTime);
    const namespace = metadata?.namespace ?? "";
    const active = (status?.active ?? []).map((job) => [to("jobs.batch", job.namespace ?? namespace, job.name ?? "")]);
    return [
      {
        type: "facts",
        title: "Schedule",
        facts: facts(
          ["When", spec?.schedule === undefined ? undefined : [{ code: spec.schedule }, spec.timeZone === undefined ? ", in the time zone of the cluster" : `, ${spec.timeZone}`]],
          ["Last run", last === undefined ? "none yet" : [{ at: last, as: "ago" }]],
          ["Last success", success === undefined ? "none yet" : [{ at: success, as: "ago" }]],
          ["Running now", active.length === 0 ? "none" : joined(active)],
          ["Overlap", spec?.concurrencyPolicy === undefined ? undefined : (CONCURRENCY[spec.concurrencyPolicy] ?? spec.concurrencyPolicy)],
          ["Kept", `${spec?.successfulJobsHistoryLimit ?? 3} that succeeded, ${spec?.failedJobsHistoryLimit ?? 1} that failed`],
        ),
      },
      templateSection(spec?.jobTemplate?.spec?.template),
    ];
  },
});
