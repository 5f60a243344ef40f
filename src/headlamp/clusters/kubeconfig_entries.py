"""The entries of a kubeconfig as they are written (`kubectl config view` shows the shape): only what we use."""

from __future__ import annotations

from typing import Any

import msgspec


class Extension(msgspec.Struct, frozen=True):
    """A tool's own data."""

    name: str
    extension: Any = None


class ContextEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """`contexts[].context`."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""
    extensions: tuple[Extension, ...] = ()


class ClusterEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """`clusters[].cluster`."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    extensions: tuple[Extension, ...] = ()


class TokenExtension(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Our own extension of a context or a cluster, under the name `pyheadlamp`: which token the cluster wants."""

    use_access_token: bool = False
    validator_client_id: str = ""
    validator_idp_issuer_url: str = ""


class AuthProvider(msgspec.Struct, frozen=True):
    """`auth-provider`: credentials that a client library fetches by itself."""

    name: str = ""
    config: dict[str, str] = {}


class Exec(msgspec.Struct, frozen=True):
    """`exec`: credentials that a program prints."""

    command: str = ""
    args: tuple[str, ...] = ()


class UserEntry(msgspec.Struct, frozen=True):
    """`users[].user`."""

    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    client_certificate: str = msgspec.field(default="", name="client-certificate")
    client_certificate_data: str = msgspec.field(default="", name="client-certificate-data")
    client_key: str = msgspec.field(default="", name="client-key")
    client_key_data: str = msgspec.field(default="", name="client-key-data")
    username: str = ""
    password: str = ""
    impersonate: str = msgspec.field(default="", name="as")
    auth_provider: AuthProvider | None = msgspec.field(default=None, name="auth-provider")
    exec: Exec | None = None
