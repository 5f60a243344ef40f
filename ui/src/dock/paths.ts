/** Addresses of pods and their logs in the API. */

interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

export function podPath({ namespace, pod }: PodName): string {
  return `api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}

/** `container` is "" where the API server is to choose. */
export function logPath(of: PodName, container: string, options: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(options);
  if (container !== "") query.set("container", container);
  return `${podPath(of)}/log?${query.toString()}`;
}
