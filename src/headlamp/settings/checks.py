"""What settings must be together, and what the files that they name must hold."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from headlamp.settings.addresses import is_loopback, split_url
from headlamp.settings.declaring import declarations
from headlamp.settings.findings import Findings
from headlamp.settings.pem import pem_text
from headlamp.settings.secret import Secret
from headlamp.settings.sign_in_checks import sign_in_problems, sign_in_risks
from headlamp.settings.sources import Given
from headlamp.settings.table import Settings
from headlamp.settings.words import quoted

_SHORTEST_SESSION_SECRET = 32
_LONGEST_SECRET_FILE = 64 * 1024


def read_secrets(values: dict[str, Any], given: Mapping[str, Given], findings: Findings) -> None:
    """Put what the `*-file` variants hold in the place of the secrets themselves."""
    for row in declarations(Settings):
        file_name = f"{row.name}_file"
        path = values.get(file_name)
        if not row.secret or path is None:
            continue
        if values.get(row.name):
            findings.errors.append(
                f"{given[row.name].where} and {given[file_name].where} are both set; leave one of them out."
            )
            continue
        try:
            values[row.name] = _secret_in(path)
        except (OSError, ValueError) as error:
            findings.unreadable.add(row.name)
            findings.errors.append(f"{given[file_name].where}: {_reason(path, error)}.")


def check(settings: Settings, given: Mapping[str, Given], findings: Findings) -> None:
    """Everything that no single value can tell; adds an error or a warning for each."""
    names = {row.name: row.both_names for row in declarations(Settings)}
    for name, message in _problems(settings, findings.unreadable):
        if name not in findings.unreadable:
            findings.errors.append(f"{given[name].where if name in given else names[name]} {message}.")
    for name, message in risks(settings):
        findings.warnings.append(f"{given[name].where if name in given else names[name]} {message}.")


def normalised(settings: Settings) -> Settings:
    """The same settings with the public URL as one always needs it: with the base URL, without a slash at the end."""
    if not settings.public_url:
        return settings
    parts = split_url(settings.public_url)
    return replace(settings, public_url=f"{parts.scheme}://{parts.netloc.lower()}{settings.base_url}")


def _problems(settings: Settings, unreadable: set[str]) -> Iterator[tuple[str, str]]:
    yield from _sign_in_problems(settings, unreadable)
    yield from _server_problems(settings, unreadable)
    secret = settings.session_secret
    if secret is not None and len(secret.reveal()) < _SHORTEST_SESSION_SECRET:
        name = "session_secret_file" if settings.session_secret_file else "session_secret"
        yield name, f"must hold at least {_SHORTEST_SESSION_SECRET} characters"
    if not settings.in_cluster_context_name.strip():
        yield "in_cluster_context_name", "must not be empty"


def _sign_in_problems(settings: Settings, unreadable: set[str]) -> Iterator[tuple[str, str]]:
    client_id = settings.oidc_client_id or "oidc_client_id" in unreadable
    issuer = settings.oidc_idp_issuer_url or "oidc_idp_issuer_url" in unreadable
    if client_id and not issuer:
        yield "oidc_client_id", "needs -oidc-idp-issuer-url (HEADLAMP_CONFIG_OIDC_IDP_ISSUER_URL) too"
    if issuer and not client_id:
        yield "oidc_idp_issuer_url", "needs -oidc-client-id (HEADLAMP_CONFIG_OIDC_CLIENT_ID) too"
    if settings.oidc_client_secret and not client_id:
        name = "oidc_client_secret_file" if settings.oidc_client_secret_file else "oidc_client_secret"
        yield name, "needs -oidc-client-id (HEADLAMP_CONFIG_OIDC_CLIENT_ID) too"
    if settings.oidc_idp_issuer_url:
        parts = split_url(settings.oidc_idp_issuer_url)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield "oidc_idp_issuer_url", "must be an https URL; plain http is for a provider on localhost only"
    yield from sign_in_problems(settings, unreadable)
    if settings.oidc_ca_file and (problem := _ca_problem(settings.oidc_ca_file)):
        yield "oidc_ca_file", problem
    for name in ("me_username_path", "me_email_path", "me_groups_path"):
        for expression in getattr(settings, name):
            try:
                jmespath.compile(expression)
            except JMESPathError:
                yield name, f"has an expression that is not JMESPath: {quoted(expression)}"


def _server_problems(settings: Settings, unreadable: set[str]) -> Iterator[tuple[str, str]]:
    certificate, key = settings.tls_cert_path, settings.tls_key_path
    if certificate and not key and "tls_key_path" not in unreadable:
        yield "tls_cert_path", "needs -tls-key-path (HEADLAMP_CONFIG_TLS_KEY_PATH) too"
    elif key and not certificate and "tls_cert_path" not in unreadable:
        yield "tls_key_path", "needs -tls-cert-path (HEADLAMP_CONFIG_TLS_CERT_PATH) too"
    elif certificate and key:
        yield from _key_pair_problems(certificate, key)
    if settings.public_url:
        path = split_url(settings.public_url).path.rstrip("/")
        if path not in ("", settings.base_url) and "base_url" not in unreadable:
            yield "public_url", f"has the path {quoted(path)}; it must be that of -base-url (HEADLAMP_CONFIG_BASE_URL)"
    if settings.workers > 1 and settings.session_database is None:
        yield "workers", "needs a session store that processes can share; set -session-store=sqlite, or leave it at 1"
    if settings.html_static_dir:
        index = settings.html_static_dir / "index.html"
        if not index.is_file():
            yield "html_static_dir", f"must be a directory with an index.html; there is no {quoted(str(index))}"


def risks(settings: Settings) -> Iterator[tuple[str, str]]:
    """The settings that weaken what keeps sessions and tokens safe: each with the end of a sentence about it."""
    if settings.insecure_ssl:
        yield "insecure_ssl", "is on: the certificates of clusters are not verified"
    if settings.oidc_skip_tls_verify:
        yield "oidc_skip_tls_verify", "is on: the identity provider's certificate is not verified"
    if settings.insecure_cookie:
        yield "insecure_cookie", "is on: sessions can be stolen from the network wherever plain http is used"
    yield from sign_in_risks(settings)


def _key_pair_problems(certificate: Path, key: Path) -> Iterator[tuple[str, str]]:
    readable = True
    for name, path in (("tls_cert_path", certificate), ("tls_key_path", key)):
        try:
            path.read_bytes()
        except OSError as error:
            readable = False
            yield name, f"can't be read: {_reason(path, error)}"
    if not readable:
        return
    try:
        # A callback, for else OpenSSL would ask for the password of an encrypted key on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError, OSError):
        yield (
            "tls_cert_path",
            "and -tls-key-path (HEADLAMP_CONFIG_TLS_KEY_PATH) must be a PEM certificate and its own private key, "
            "not encrypted",
        )


def _ca_problem(path: Path) -> str | None:
    try:
        pem = pem_text(path.read_bytes())
    except OSError as error:
        return f"can't be read: {_reason(path, error)}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return f"must be a file of PEM certificates; {quoted(str(path))} is not"
    return None


def _secret_in(path: Path) -> Secret:
    with path.open("rb") as file:
        content = file.read(_LONGEST_SECRET_FILE + 1)
    if len(content) > _LONGEST_SECRET_FILE:
        raise ValueError("is too large to be a secret")
    text = content.decode("utf-8-sig").rstrip("\r\n")
    if not text:
        raise ValueError("is empty")
    return Secret(text)


def _reason(path: Path, error: Exception) -> str:
    """What is wrong with a file, without anything of its content."""
    if isinstance(error, UnicodeDecodeError):
        return f"{quoted(str(path))} is not a text file"
    if isinstance(error, OSError):
        return f"{quoted(str(path))}: {(error.strerror or 'it is not readable').lower()}"
    return f"{quoted(str(path))} {error}"
