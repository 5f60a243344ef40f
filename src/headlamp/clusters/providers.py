"""OpenID providers as kubeconfigs name them: `auth-provider: oidc`, and `exec` entries of kubelogin."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

from headlamp.clusters.addresses import check_issuer
from headlamp.clusters.cluster import ClusterToken, KubeconfigProvider

ReadPem = Callable[[str | None, str | None], str | None]
"""From (base64 data, path) to PEM text; raises `ValueError` with the reason."""

_GO_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_GO_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def from_auth_provider(config: dict[str, str], read_pem: ReadPem) -> KubeconfigProvider:
    """The provider of `auth-provider: {name: oidc, config: …}`. Raises `ValueError`."""
    return _provider(
        issuer=config.get("idp-issuer-url"),
        client_id=config.get("client-id"),
        client_secret=config.get("client-secret"),
        scopes=_split([config.get("extra-scopes", "")]),
        ca_pem=read_pem(config.get("idp-certificate-authority-data"), config.get("idp-certificate-authority")),
        token=ClusterToken(
            use_access_token=_go_bool(config.get("use-access-token"), "use-access-token"),
            audience=config.get("validator-client-id", ""),
            issuer=config.get("validator-idp-issuer-url", ""),
        ),
        where="auth-provider oidc",
        names=("idp-issuer-url", "client-id"),
    )


def from_exec(command: str, arguments: Sequence[str], read_pem: ReadPem) -> KubeconfigProvider | None:
    """The provider that a kubelogin (`kubectl oidc-login`) entry signs in at; None for any other program.

    Azure's program of the same name has no `--oidc-issuer-url`, and is not taken for it. Raises `ValueError`.
    """
    options = _options(_kubelogin_arguments(command, arguments))
    if "oidc-issuer-url" not in options:
        return None
    pem_data, pem_path = _last(options, "certificate-authority-data"), _last(options, "certificate-authority")
    if pem_path is not None and pem_path.startswith("~/"):
        pem_path = str(Path(pem_path).expanduser())
    return _provider(
        issuer=_last(options, "oidc-issuer-url"),
        client_id=_last(options, "oidc-client-id"),
        client_secret=_last(options, "oidc-client-secret"),
        scopes=_split(options.get("oidc-extra-scope", [])),
        ca_pem=read_pem(pem_data, pem_path),
        skip_tls_verify=_last(options, "insecure-skip-tls-verify") in _GO_TRUE,
        token=ClusterToken(use_access_token=_last(options, "oidc-use-access-token") in _GO_TRUE),
        auth_params=_parameters(options.get("oidc-auth-request-extra-params", [])),
        where="kubectl oidc-login",
        names=("--oidc-issuer-url", "--oidc-client-id"),
    )


def _kubelogin_arguments(command: str, arguments: Sequence[str]) -> list[str]:
    program = PurePath(command.replace("\\", "/")).name.removesuffix(".exe")
    words = list(arguments)
    if program == "kubectl" and words[:1] == ["oidc-login"]:
        words = words[1:]
    elif program not in {"kubelogin", "kubectl-oidc_login"}:
        return []
    return words[1:] if words[:1] == ["get-token"] else []


def _options(words: list[str]) -> dict[str, list[str]]:
    """`--name=value`, `--name value` and bare `--name` (true), each as often as it is given."""
    return _collect(_pairs(iter(words)))


def _pairs(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if equals:
            yield name, value
        elif name in _WITH_VALUE:
            yield name, next(words, "")
        else:
            yield name, "true"


_WITH_VALUE = frozenset(
    {
        "oidc-issuer-url",
        "oidc-client-id",
        "oidc-client-secret",
        "oidc-extra-scope",
        "certificate-authority",
        "certificate-authority-data",
        "oidc-auth-request-extra-params",
    }
)
_LONGEST_PARAMETERS = 1000
_OURS = frozenset(
    {
        *("response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "request", "request_uri", "registration", "claims"),
        "id_token_hint",
    }
)
"""Parameters of an authorization request that a kubeconfig has no say in."""


def _collect(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _last(options: dict[str, list[str]], name: str) -> str | None:
    return options[name][-1] if name in options else None


def _split(values: Sequence[str]) -> tuple[str, ...] | None:
    """Comma or space separated scopes, each once, without `openid` (always sent); None when there are none."""
    scopes = [scope for value in values for scope in value.replace(",", " ").split() if scope != "openid"]
    return tuple(dict.fromkeys(scopes)) or None


def _parameters(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Parameters as kubelogin reads them: name=value, several separated by commas, in quotes where need be."""
    found: dict[str, str] = {}
    for value in values:
        for pair in _pairs_in(value):
            name, equals, text = pair.partition("=")
            if not equals or not name:
                raise ValueError("--oidc-auth-request-extra-params must be name=value pairs")
            if name not in _OURS and (name, text) != ("prompt", "none"):
                found[name] = text
    if sum(len(name) + len(text) for name, text in found.items()) > _LONGEST_PARAMETERS:
        raise ValueError("--oidc-auth-request-extra-params is too long")
    return tuple(found.items())


def _pairs_in(value: str) -> list[str]:
    if value.count("=") == 1:
        return [value.strip('"')]
    try:
        return next(csv.reader([value]), [])
    except csv.Error:
        raise ValueError("--oidc-auth-request-extra-params must be name=value pairs") from None


def _go_bool(value: str | None, name: str) -> bool:
    if value in _GO_TRUE:
        return True
    if value in (None, "") or value in _GO_FALSE:
        return False
    raise ValueError(f"{name} must be true or false")


def _provider(
    *,
    issuer: str | None,
    client_id: str | None,
    client_secret: str | None,
    scopes: tuple[str, ...] | None,
    ca_pem: str | None,
    where: str,
    names: tuple[str, str],
    token: ClusterToken,
    skip_tls_verify: bool = False,
    auth_params: tuple[tuple[str, str], ...] = (),
) -> KubeconfigProvider:
    for value, name in zip((issuer, client_id), names, strict=True):
        if not value:
            raise ValueError(f"{where} has no {name}")
    check_issuer(issuer or "", names[0])
    return KubeconfigProvider(
        issuer or "", client_id or "", client_secret or None, scopes, ca_pem, skip_tls_verify, token, auth_params
    )
