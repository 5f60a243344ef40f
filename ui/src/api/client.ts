/** The one place that talks to the server. */
import { held } from "./held";
import { noAnswer, problemFrom } from "./problem";

/** The address that the page lives under, always with a slash at the end. */
export const baseURL = (): URL => new URL(".", document.baseURI);

export interface RequestOptions {
  method?: string;
  /** Sent as JSON unless it is a string. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal | undefined;
  /** Goes out while everything else is held back: for what asks or changes who is signed in. */
  evenHeld?: boolean;
}

type Listener = (code: string, message: string) => void;
let onSignedOut: Listener = () => undefined;

/** Say who wants to know that the server no longer accepts the session (401 with one of our own codes). */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

/** Ask the server; `path` is relative to the base URL. Raises `ApiProblem` for every answer that is not 2xx. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = "GET", body, accept = "application/json", signal, evenHeld = false } = options;
  if (!evenHeld) held.refuse();
  const headers: Record<string, string> = { Accept: accept };
  const init: RequestInit = { method, headers, credentials: "same-origin", redirect: "error" };
  if (body !== undefined) {
    headers["Content-Type"] = options.contentType ?? "application/json";
    init.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(new URL(path, baseURL()), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw noAnswer();
  }
  if (response.ok) return response;
  const answer: unknown = await response.json().catch(() => null);
  const problem = problemFrom(response.status, answer, response.headers.get("X-Headlamp-Code"));
  if (problem.status === 401 && problem.code.startsWith("session.")) onSignedOut(problem.code, problem.message);
  throw problem;
}

export async function json<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}

export function socketURL(path: string): URL {
  const url = new URL(path, baseURL());
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
