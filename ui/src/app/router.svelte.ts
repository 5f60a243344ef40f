/** The state of the page that is in its address, so that a link or a reload shows the same again. */
import { baseURL } from "../api/client";

export interface Route {
  /** A page that belongs to no cluster; "" for the start page and the clusters. */
  readonly page: "" | "diagnosis";
  /** "" on the start page. */
  readonly cluster: string;
  /** `plural` or `plural.group`. */
  readonly resource: string;
  /** Chosen namespaces; none means all. */
  readonly ns: readonly string[];
  /** The filter as typed. */
  readonly q: string;
  /** Name of a column, with "-" in front when descending; "" for the kind's own order. */
  readonly sort: string;
  /** `namespace/name` of the selected row. */
  readonly sel: string;
  readonly tab: string;
  /** The selected object takes the whole page. */
  readonly full: boolean;
}

const HOME: Route = { page: "", cluster: "", resource: "", ns: [], q: "", sort: "", sel: "", tab: "", full: false };
export const DEFAULT_RESOURCE = "pods";

/** Read an address; `path` is relative to the base, without a leading slash. */
export function parseRoute(path: string, search: string): Route {
  const [head, cluster = "", resource = ""] = path.replace(/^\/+|\/+$/g, "").split("/");
  if (head === "diagnosis") return { ...HOME, page: "diagnosis" };
  if (head !== "c" || cluster === "") return HOME;
  const query = new URLSearchParams(search);
  return {
    page: "",
    cluster: decode(cluster),
    resource: decode(resource) || DEFAULT_RESOURCE,
    ns: (query.get("ns") ?? "").split(",").filter(Boolean),
    q: query.get("q") ?? "",
    sort: query.get("sort") ?? "",
    sel: query.get("sel") ?? "",
    tab: query.get("tab") ?? "",
    full: query.has("full"),
  };
}

/** The address of a route, relative to the base. Commas and slashes stay readable. */
export function formatRoute(route: Route): string {
  if (route.cluster === "") return route.page;
  const query: string[] = [];
  const add = (name: string, value: string): void => {
    if (value) query.push(`${name}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/").replaceAll("%3A", ":")}`);
  };
  add("ns", route.ns.join(","));
  add("q", route.q);
  add("sort", route.sort);
  add("sel", route.sel);
  add("tab", route.tab);
  if (route.full) query.push("full");
  const path = `c/${encodeURIComponent(route.cluster)}/${encodeURIComponent(route.resource || DEFAULT_RESOURCE)}`;
  return query.length ? `${path}?${query.join("&")}` : path;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Router {
  route = $state.raw<Route>(HOME);

  constructor() {
    this.#read();
    window.addEventListener("popstate", () => this.#read());
  }

  #read(): void {
    this.route = parseRoute(location.pathname.slice(baseURL().pathname.length), location.search);
  }

  /** Change part of the address. `replace` keeps the history as it is: for what changes while one types or walks. */
  go(patch: Partial<Route>, { replace = false } = {}): void {
    const next = { ...this.route, ...patch };
    const url = new URL(formatRoute(next), baseURL());
    if (url.href === location.href) return;
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    this.route = next;
  }

  home(): void {
    this.go(HOME);
  }

  diagnosis(): void {
    this.go({ ...HOME, page: "diagnosis" });
  }

  /** Another list: what was said of the last one (filter, order, selection) does not apply to it. */
  openList(cluster: string, resource: string, patch: Partial<Route> = {}): void {
    const ns = cluster === this.route.cluster ? this.route.ns : [];
    this.go({ ...HOME, ns, cluster, resource, ...patch });
  }

  href(patch: Partial<Route>): string {
    return new URL(formatRoute({ ...this.route, ...patch }), baseURL()).href;
  }

  listHref(cluster: string, resource: string, patch: Partial<Route> = {}): string {
    const ns = cluster === this.route.cluster ? this.route.ns : [];
    return new URL(formatRoute({ ...HOME, ns, cluster, resource, ...patch }), baseURL()).href;
  }

  /** This very place, as `return_to` wants it: path and query. */
  get here(): string {
    return location.pathname + location.search;
  }
}

export const router = new Router();

/** Let a link be followed within the page; with a modifier or the middle button the browser does as it is used to. */
export function follow(event: MouseEvent, go: () => void): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go();
}
