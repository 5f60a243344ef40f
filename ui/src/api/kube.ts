/** A cluster's Kubernetes API, through our server's proxy, as the signed-in user. */
import type { Resource } from "../app/types";
import { json, request, socketURL, type RequestOptions } from "./client";
import { held } from "./held";

const at = (cluster: string, path: string): string => `clusters/${encodeURIComponent(cluster)}/${path.replace(/^\//, "")}`;

/** Path of a resource's list, or of one of its objects. */
export function pathOf(resource: Pick<Resource, "group" | "version" | "plural" | "namespaced">, namespace = "", name = ""): string {
  const root = resource.group ? `apis/${resource.group}/${resource.version}` : `api/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${resource.plural}${name ? `/${encodeURIComponent(name)}` : ""}`;
}

export const kube = {
  get: <T>(cluster: string, path: string, options: RequestOptions = {}): Promise<T> => json<T>(at(cluster, path), options),

  post: <T>(cluster: string, path: string, body: unknown, options: RequestOptions = {}): Promise<T> =>
    json<T>(at(cluster, path), { ...options, method: "POST", body }),

  /** DELETE, PATCH, PUT and what else there is. */
  send: <T>(cluster: string, path: string, options: RequestOptions): Promise<T> => json<T>(at(cluster, path), options),

  text: async (cluster: string, path: string, options: RequestOptions = {}): Promise<string> =>
    (await request(at(cluster, path), { accept: "*/*", ...options })).text(),

  /** The answer as it streams in (following logs). */
  stream: (cluster: string, path: string, options: RequestOptions = {}): Promise<Response> =>
    request(at(cluster, path), { accept: "*/*", ...options }),

  /** Raises `ApiProblem` while nothing is sent. */
  socket: (cluster: string, path: string, protocols: string[] = []): WebSocket => {
    held.refuse();
    return new WebSocket(socketURL(at(cluster, path)), protocols);
  },
};
