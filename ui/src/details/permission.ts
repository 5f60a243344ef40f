/** May the signed-in user do this? The cluster is asked, its answer kept for a minute. */

import { kube } from "../api/kube";

export interface Wish {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
}

interface Review {
  status?: { allowed?: boolean };
}

const KEPT = 60_000;

export class Permissions {
  readonly #answers = new Map<string, { at: number; allowed: Promise<boolean> }>();

  /** False only when the cluster says so: what it doesn't say is found out by trying. */
  ask(cluster: string, wish: Wish): Promise<boolean> {
    const key = JSON.stringify([cluster, wish]);
    const known = this.#answers.get(key);
    if (known !== undefined && Date.now() - known.at < KEPT) return known.allowed;
    const allowed = review(cluster, wish);
    this.#answers.set(key, { at: Date.now(), allowed });
    return allowed;
  }
}

async function review(cluster: string, wish: Wish): Promise<boolean> {
  const { verb, resource, subresource, namespace } = wish;
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes: { verb, resource, subresource, namespace } } };
  try {
    const answer = await kube.post<Review>(cluster, "apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body);
    return answer.status?.allowed !== false;
  } catch {
    return true;
  }
}

/** As a rule is written: `create pods/exec`. */
export function ruleText({ verb, resource, subresource }: Wish): string {
  return `${verb} ${resource}${subresource === "" ? "" : `/${subresource}`}`;
}
