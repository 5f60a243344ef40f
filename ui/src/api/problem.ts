/** Errors that the server tells, in one shape whatever told them. */

/** What went wrong, as our server (problem+json), the API server (Status) or the network says it. */
export interface ProblemFacts {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Stable code of our server's (`session.ended`), or the API server's reason (`Forbidden`). */
  readonly code: string;
  /** One sentence. */
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
  /** What the server's log has too. */
  readonly reference: string;
}

export class ApiProblem extends Error implements ProblemFacts {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
  readonly reference: string;

  constructor(facts: ProblemFacts) {
    super(facts.detail || facts.title);
    this.name = "ApiProblem";
    this.status = facts.status;
    this.code = facts.code;
    this.title = facts.title;
    this.detail = facts.detail;
    this.remedy = facts.remedy;
    this.reference = facts.reference;
  }

  /** No answer at all: offline, or the server is down. */
  get offline(): boolean {
    return this.status === 0;
  }
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The API server's own sentence for a denied request names all that is needed. */
const FORBIDDEN = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: (?:in the namespace "([^"]+)"|at the cluster scope))?/;

/** The rule that a denied request lacks, from the API server's message: `list secrets in prod`. Null when it says none. */
export function missingRule(message: string): string | null {
  const found = FORBIDDEN.exec(message);
  if (!found) return null;
  const [, verb, resource, group, namespace] = found;
  const where = namespace ? ` in ${namespace}` : " in the whole cluster";
  return `${verb ?? ""} ${resource ?? ""}${group ? `.${group}` : ""}${where}`;
}

const PLAIN: Readonly<Record<number, string>> = {
  400: "The request was not understood",
  401: "The cluster does not accept this sign-in",
  403: "You may not do this",
  404: "Not found",
  405: "The cluster does not offer this",
  409: "Somebody else changed it in the meantime",
  410: "That version is no longer kept",
  413: "Too large",
  422: "The cluster finds it invalid",
  429: "Too many requests at the moment",
  500: "The cluster had an error",
  502: "The cluster does not answer",
  503: "The cluster is not available",
  504: "The cluster took too long to answer",
};

/** Read an error answer: problem+json, a Kubernetes Status, or anything. */
export function problemFrom(status: number, body: unknown, code: string | null): ApiProblem {
  const fields = record(body);
  const detail = text(fields["detail"]) || text(fields["message"]);
  const rule = status === 403 ? missingRule(detail) : null;
  const stable = code ?? (text(fields["code"]) || text(fields["reason"]));
  // Our own refusal on the way to a cluster: nobody has asked the cluster.
  const own = stable.startsWith("session.") ? "Your sign-in has ended" : "";
  return new ApiProblem({
    status,
    code: stable,
    title: rule ? `You may not ${rule}` : text(fields["title"]) || own || PLAIN[status] || `The server answered ${status}`,
    detail,
    remedy: text(fields["remedy"]),
    reference: text(fields["reference"]),
  });
}

export function noAnswer(): ApiProblem {
  return new ApiProblem({
    status: 0,
    code: "network",
    title: navigator.onLine ? "The server does not answer" : "This computer is offline",
    detail: navigator.onLine ? "No connection to the server of this page." : "The browser reports no network.",
    remedy: "What is on the page stays; it goes on when the connection is back.",
    reference: "",
  });
}

/** Any thrown value as a problem, so that views have one shape to show. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem({
    status: 0,
    code: "page",
    title: "The page had an error",
    detail: error instanceof Error ? error.message : String(error),
    remedy: "",
    reference: "",
  });
}
