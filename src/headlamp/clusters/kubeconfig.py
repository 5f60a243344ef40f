"""Clusters from kubeconfig files, merged as kubectl does: the first file to name something wins."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headlamp.clusters import providers
from headlamp.clusters.addresses import check_proxy_url, check_server
from headlamp.clusters.bounded_yaml import MAX_BYTES, load_yaml
from headlamp.clusters.cluster import Cluster, ClusterTls, ClusterToken, KubeconfigProvider, LocalCredentials
from headlamp.clusters.files import WatchedFiles
from headlamp.clusters.kubeconfig_entries import (
    ClusterEntry,
    ContextEntry,
    Extension,
    TokenExtension,
    UserEntry,
)
from headlamp.clusters.names import url_name
from headlamp.settings.pem import pem_text

_MAX_PEM = 1024 * 1024
OUR_EXTENSION = "pyheadlamp"


@dataclass(slots=True)
class Kubeconfig:
    """What the files say: clusters in their order, and what is wrong with whole files (a sentence each)."""

    clusters: list[Cluster] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One named entry, as it stands, and the file that it stands in."""

    body: Any
    file: Path


_Section = dict[str, _Entry]


def read_kubeconfigs(
    paths: Iterable[Path],
    files: WatchedFiles,
    *,
    skipped: Iterable[str] = (),
    with_credentials: bool = False,
) -> Kubeconfig:
    """Read and merge files; missing ones are skipped.

    A file that can't be read or is not YAML is named in `problems` and the others hold; a context that can't be used
    becomes a `Cluster` with its `error`. Users' credentials are not even looked at unless `with_credentials`.
    """
    result = Kubeconfig()
    sections: dict[str, _Section] = {"clusters": {}, "users": {}, "contexts": {}}
    for path in paths:
        try:
            document = load_yaml(files.read(path, limit=MAX_BYTES))
            _merge(document, path, sections)
        except FileNotFoundError:
            continue
        except OSError as error:
            result.problems.append(f"The kubeconfig {path} can't be read: {error.strerror}.")
        except ValueError as error:
            result.problems.append(f"The kubeconfig {path} can't be used: {error}.")
    skip = frozenset(skipped)
    reader = _ContextReader(sections, files, with_credentials=with_credentials)
    for name, entry in sections["contexts"].items():
        if name not in skip and url_name(name) not in skip:
            result.clusters.append(reader.cluster(name, entry))
    return result


def _merge(document: Any, path: Path, sections: dict[str, _Section]) -> None:
    if document is None:
        return
    if not isinstance(document, dict):
        raise ValueError("it is not a mapping")  # noqa: TRY004 (a fault of the file, not of a caller)
    found: list[tuple[str, str, _Entry]] = []
    for section in sections:
        items = document.get(section) or []
        if not isinstance(items, list):
            raise ValueError(f"`{section}` is not a list")  # noqa: TRY004
        for item in items:
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str) or not name:
                raise ValueError(f"an entry of `{section}` has no name, or one that is not text")
            found.append((section, name, _Entry(item.get(section.removesuffix("s")), path)))
    for section, name, entry in found:
        sections[section].setdefault(name, entry)


class _ContextReader:
    def __init__(self, sections: dict[str, _Section], files: WatchedFiles, *, with_credentials: bool) -> None:
        self._sections = sections
        self._files = files
        self._with_credentials = with_credentials

    def cluster(self, name: str, entry: _Entry) -> Cluster:
        """The cluster of one context; whatever is wrong with it ends as its `error`."""
        made = Cluster(url_name(name), name, kubeconfig_path=str(entry.file))
        try:
            context = _typed(entry, ContextEntry, f"context {name}")
            made = replace(
                made, namespace=context.namespace or None, extensions=_extensions(context.extensions, entry.file)
            )
            made = self._with_cluster(made, context.cluster)
            made = replace(made, token=_token(context.extensions, f"context {name}") or made.token)
            return self._with_user(made, context.user)
        except ValueError as error:
            return replace(made, error=f"The context {name} can't be used: {error}.", local_credentials=None)

    def _with_cluster(self, made: Cluster, name: str) -> Cluster:
        entry = self._find("clusters", name)
        cluster = _typed(entry, ClusterEntry, f"cluster {name}")
        check_server(cluster.server)
        check_proxy_url(cluster.proxy_url)
        ca = self._pem(entry.file, cluster.certificate_authority_data, cluster.certificate_authority)
        if ca is not None and cluster.insecure_skip_tls_verify:
            raise ValueError("it names a certificate authority and insecure-skip-tls-verify; only one can hold")
        tls = ClusterTls(ca, cluster.insecure_skip_tls_verify, cluster.tls_server_name or None)
        return replace(
            made,
            server=cluster.server.rstrip("/"),
            tls=tls,
            proxy_url=cluster.proxy_url or None,
            token=_token(cluster.extensions, f"cluster {name}"),
        )

    def _with_user(self, made: Cluster, name: str) -> Cluster:
        empty = LocalCredentials() if self._with_credentials else None
        if not name:
            return replace(made, local_credentials=empty)
        entry = self._find("users", name)
        user = _typed(entry, UserEntry, f"user {name}")
        provider = self._provider(user, entry.file)
        if provider is not None:
            return replace(made, provider=provider)
        if not self._with_credentials:
            return made
        if user.exec is not None:
            return replace(
                made,
                local_credentials=empty,
                notice=f"The user {name} gets its credentials from the program `{user.exec.command}`, which is not run "
                "here. Paste a token, or set up sign-in with OpenID Connect.",
            )
        if user.auth_provider is not None:
            return replace(
                made,
                local_credentials=empty,
                notice=f"The user {name} gets its credentials from the auth-provider `{user.auth_provider.name}`, "
                "which is not supported. Paste a token, or set up sign-in with OpenID Connect.",
            )
        if user.impersonate:
            # Without the impersonation the requests would be made with more rights than the file means to give.
            return replace(
                made,
                local_credentials=empty,
                notice=f"The user {name} acts as another user (`as`), which is not supported, so its credentials are "
                "not used. Paste a token, or use a context without `as`.",
            )
        return replace(made, local_credentials=self._credentials(user, entry.file))

    def _provider(self, user: UserEntry, file: Path) -> KubeconfigProvider | None:
        def read_pem(data: str | None, path: str | None) -> str | None:
            return self._pem(file, data, path)

        if user.auth_provider is not None and user.auth_provider.name == "oidc":
            return providers.from_auth_provider(user.auth_provider.config, read_pem)
        if user.exec is not None:
            return providers.from_exec(user.exec.command, user.exec.args, read_pem)
        return None

    def _credentials(self, user: UserEntry, file: Path) -> LocalCredentials:
        return LocalCredentials(
            token=user.token or None,
            token_file=str(file.parent / user.token_file) if user.token_file else None,
            client_cert_pem=self._pem(file, user.client_certificate_data, user.client_certificate),
            client_key_pem=self._pem(file, user.client_key_data, user.client_key),
            username=user.username or None,
            password=user.password or None,
        )

    def _find(self, section: str, name: str) -> _Entry:
        entry = self._sections[section].get(name)
        if entry is None:
            raise ValueError(f"there is no entry `{name}` in `{section}`")
        return entry

    def _pem(self, file: Path, data: str | None, path: str | None) -> str | None:
        """PEM text from base64 data, which wins, or from a file, relative to the kubeconfig's own folder."""
        if data:
            try:
                return _blocks(base64.b64decode("".join(data.split()), validate=True))
            except ValueError as error:
                raise ValueError("certificate or key data is not PEM text in base64") from error
        if not path:
            return None
        target = file.parent / path
        try:
            content = self._files.read(target, limit=_MAX_PEM)
        except OSError as error:
            raise ValueError(f"{target} can't be read: {error.strerror}") from error
        try:
            return _blocks(content)
        except ValueError as error:
            raise ValueError(f"{target} is not PEM text") from error


def _blocks(content: bytes) -> str:
    text = pem_text(content)
    if "-----BEGIN " not in text:
        raise ValueError("there is no PEM block")
    return text


_Kind = TypeVar("_Kind")


def _typed(entry: _Entry, kind: type[_Kind], what: str) -> _Kind:
    try:
        return msgspec.convert(_without_nulls(entry.body or {}), kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{what} in {entry.file} is not well-formed: {error}") from error


def _without_nulls(value: Any) -> Any:
    """Kubernetes' reader takes `field: null` for a field that is not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value


def _token(items: Sequence[Extension], what: str) -> ClusterToken | None:
    """What our own extension says about tokens; None when there is none."""
    for item in items:
        if item.name == OUR_EXTENSION:
            try:
                said = msgspec.convert(item.extension, TokenExtension)
            except msgspec.ValidationError as error:
                raise ValueError(f"the extension {OUR_EXTENSION} of {what} is not well-formed: {error}") from error
            return ClusterToken(said.use_access_token, said.validator_client_id, said.validator_idp_issuer_url)
    return None


def _extensions(items: Sequence[Extension], file: Path) -> dict[str, Any]:
    """Extensions by name, as plain JSON: they are shown to web pages as they are."""
    found = {item.name: item.extension for item in items}
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"an extension in {file} can't be written as JSON") from error
    return plain
