"""What a cluster is: where its API server listens, how it is trusted, and who signs people in for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ClusterTls:
    """How the API server's certificate is judged. PEM texts, never paths."""

    ca_pem: str | None = None
    insecure_skip_verify: bool = False
    server_name: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class LocalCredentials:
    """The credentials of a kubeconfig's own user: only ever used in the laptop case (`Clusters` decides).

    In the laptop case every cluster without a provider has them, be they empty (a `kubectl proxy` needs none).
    """

    token: str | None = None
    token_file: str | None = None
    client_cert_pem: str | None = None
    client_key_pem: str | None = None
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterToken:
    """Which token of a sign-in a cluster wants, and the `aud` and `iss` that it must have ("" for: as at sign-in)."""

    use_access_token: bool = False
    audience: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class KubeconfigProvider:
    """An OpenID provider as a kubeconfig names it: `auth-provider: oidc` or a kubelogin `exec` entry.

    `auth_params` are further parameters of the authorization request.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None
    ca_pem: str | None = None
    skip_tls_verify: bool = False
    token: ClusterToken = field(default_factory=ClusterToken)
    auth_params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster that people can work in. `name` is safe in a URL; `original_name` is the context's own.

    `token` is what the cluster itself says about the tokens that it wants; it wins over what its provider says.
    `error` says why the cluster can't be used; such a cluster is shown, and answers every request with that error.
    `notice` says what a usable cluster lacks, such as credentials that only a program on the laptop could fetch.
    """

    name: str
    original_name: str
    server: str = ""
    tls: ClusterTls = field(default_factory=ClusterTls)
    proxy_url: str | None = None
    namespace: str | None = None
    source: str = "kubeconfig"
    kubeconfig_path: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict)
    provider: KubeconfigProvider | None = None
    token: ClusterToken | None = None
    local_credentials: LocalCredentials | None = None
    error: str | None = None
    notice: str | None = None
