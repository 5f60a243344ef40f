/** Failed reads of an object in the words of the pane. */

import { missingRule, type ApiProblem } from "../api/problem";
import type { Tone } from "../app/types";

export interface Words {
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
}

/** `one` is the kind in a sentence; `shown` says that an earlier state of the object is still on the page. */
export function wordsFor(problem: ApiProblem, one: string, name: string, shown: boolean): Words {
  const stays = shown ? "Below is what was read last." : "";
  switch (problem.status) {
    case 404:
      return shown
        ? { tone: "unk", title: `${capital(one)} ${name} was deleted.`, detail: "Below is what was read last.", remedy: "" }
        : { tone: "unk", title: `There is no ${one} ${name}.`, detail: "It may have been deleted in the meantime, or it never had this name.", remedy: "" };
    case 403: {
      const rule = missingRule(problem.detail);
      return { tone: "warn", title: `You may not read this ${one}.`, detail: rule === null ? problem.detail : `Missing rule: ${rule}.`, remedy: join("Somebody who administers the cluster can grant it.", stays) };
    }
    case 401:
      return { tone: "warn", title: problem.code.startsWith("session.") ? "Your sign-in ended." : "The cluster does not accept your sign-in.", detail: problem.detail, remedy: join(problem.remedy, stays) };
    case 0:
      return { tone: "err", title: `${problem.title}.`, detail: join("It is tried again by itself.", stays), remedy: "" };
    default:
      return { tone: "err", title: `${problem.title}.`, detail: problem.detail, remedy: join(problem.remedy, stays) };
  }
}

function join(...sentences: string[]): string {
  return sentences.filter((each) => each !== "").join(" ");
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
