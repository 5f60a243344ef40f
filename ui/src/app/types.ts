/** The words that all parts of the page share. */

/** A kind of object as discovery names it. */
export interface Resource {
  /** API group, "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, as in the URL of the API: `pods`. */
  readonly plural: string;
  readonly singular: string;
  /** `Pod` */
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly verbs: readonly string[];
  /** Names of subresources, without the parent: `log`, `exec`, `scale`. */
  readonly subresources: readonly string[];
}

/** What identifies an object within a cluster and a resource; `namespace` is "" when cluster-scoped. */
export interface RowKey {
  readonly namespace: string;
  readonly name: string;
}

/** A column of a Table as the server sends it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** Above 0: shown by `kubectl get -o wide` alone. */
  readonly priority: number;
  readonly description: string;
  /** Cells may be instants. */
  readonly instant: boolean;
}

/** A cell: a value, an instant (shown as an age), or a text with an instant (`5 (2m ago)`). */
export type Cell = string | number | boolean | null | { readonly at: number } | { readonly text: string; readonly at: number };

/** A status: shape, word and colour. */
export type Tone = "ok" | "run" | "warn" | "err" | "unk" | "done";

/** An identity provider one can sign in at. The last three are null while one is not signed in there. */
export interface ProviderInfo {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly signed_in: boolean;
  /** When the token that the server holds ends; it is renewed before that where it can be. */
  readonly expires_at: number | null;
  readonly renewable: boolean | null;
  /** Opaque, and the same for the same person there. */
  readonly account: string | null;
}

/** What there is to say to somebody who is about to sign in. */
export interface SignInFacts {
  /** The browser still had the cookie of a session that is over. */
  readonly ended: boolean;
  /** False when a sign-in from this address can't come to anything. */
  readonly possible: boolean;
  /** A sign-in that was started and has not come back. */
  readonly last_try: { readonly provider: string; readonly at: number; readonly callback_url: string } | null;
  readonly warning: { readonly code: string; readonly title: string; readonly message: string; readonly remedy: string } | null;
}

/** A cluster and whether it accepts this session's credential (null: not asked, or it did not answer). */
export interface ClusterInfo {
  readonly name: string;
  /** The provider that the cluster trusts; null when no sign-in is needed or possible. */
  readonly provider: string | null;
  readonly accepted: boolean | null;
  readonly reason: string | null;
}

/** `GET api/session` */
export interface Session {
  readonly signed_in: boolean;
  /** Nobody has to sign in: whoever is at the machine works with its kubeconfig. */
  readonly local?: boolean;
  readonly user: User | null;
  readonly providers: readonly ProviderInfo[];
  readonly clusters: readonly ClusterInfo[];
  readonly expires_at: number | null;
  /** Whether one may see the checks of the whole chain. */
  readonly doctor: boolean;
  /** Null when somebody is signed in. */
  readonly sign_in: SignInFacts | null;
}

export interface User {
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** Opaque, and the same for the same person; "" when the session does not say who it is. */
  readonly account: string;
}

/** `GET api/access` */
export interface Access {
  readonly user: { readonly username: string; readonly groups: readonly string[] } | null;
  readonly namespaces: { readonly items: readonly string[]; readonly complete: boolean; readonly reason: string | null };
  readonly rules: {
    readonly namespace: string;
    readonly resource_rules: readonly ResourceRule[];
    readonly incomplete: boolean;
  };
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly api_groups: readonly string[];
  readonly resources: readonly string[];
  readonly resource_names: readonly string[];
}

/** A Kubernetes object of which nothing but the metadata is known. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string; readonly controller?: boolean }[];
  };
  readonly [field: string]: unknown;
}
