"""What the settings of sign-in must be together: the client's proof, the token for clusters, the request's wishes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from headlamp.settings.table import Settings
from headlamp.settings.words import quoted

_LONGEST_KEY_FILE = 64 * 1024
# They become part of a redirect, and proxies take few KB of headers.
_LONGEST_PARAMETERS = 1000
_LONGEST_HINT = 256

_OF_THE_DEFAULT_PROVIDER = (
    "oidc_use_access_token",
    "oidc_validator_client_id",
    "oidc_validator_idp_issuer_url",
    "oidc_trusted_audiences",
    "oidc_client_key_file",
    "oidc_prompt",
    "oidc_max_age",
    "oidc_login_hint",
    "oidc_acr_values",
    "oidc_extra_params",
    "oidc_logout_hint",
)
"""Settings that say something about the flags' provider. A kubeconfig's own has its own."""


def sign_in_problems(settings: Settings, unreadable: set[str]) -> Iterator[tuple[str, str]]:
    """Names of settings, each with the end of a sentence about what is wrong with it."""
    provider = settings.oidc_configured or bool({"oidc_client_id", "oidc_idp_issuer_url"} & unreadable)
    for name in _OF_THE_DEFAULT_PROVIDER:
        value = getattr(settings, name)
        # 0 is a max age, and not the same as none.
        if value is not None and value is not False and value not in ("", ()) and not provider:
            yield name, "needs -oidc-idp-issuer-url (HEADLAMP_CONFIG_OIDC_IDP_ISSUER_URL) and -oidc-client-id too"
    yield from _proof_problems(settings, unreadable)
    parameters = len(urlencode(settings.oidc_extra_params)) + len(" ".join(settings.oidc_acr_values))
    if parameters > _LONGEST_PARAMETERS:
        yield "oidc_extra_params", f"and -oidc-acr-values are longer than {_LONGEST_PARAMETERS} characters together"
    hint = settings.oidc_login_hint
    if len(hint.encode()) > _LONGEST_HINT or not hint.isprintable():
        yield "oidc_login_hint", f"must be plain text of at most {_LONGEST_HINT} bytes"


def sign_in_risks(settings: Settings) -> Iterator[tuple[str, str]]:
    """Names of settings, each with the end of a sentence about what will surprise somebody."""
    if settings.oidc_client_auth_method == "none" and settings.oidc_client_secret:
        yield "oidc_client_auth_method", "is none: the client secret is not used"
    if settings.oidc_client_key_file and settings.oidc_client_auth_method not in ("auto", "private_key_jwt"):
        yield "oidc_client_key_file", f"is not used, since -oidc-client-auth-method={settings.oidc_client_auth_method}"
    if settings.oidc_configured and _at_entra(settings.oidc_idp_issuer_url):
        yield from _entra_risks(settings)


def _entra_risks(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.oidc_use_access_token and not any("/" in scope for scope in settings.oidc_scopes):
        yield (
            "oidc_use_access_token",
            "is on, and no scope of -oidc-scopes names an application: Entra ID's access token is then for Microsoft "
            "Graph, which no cluster can verify; for AKS add 6dae42f8-4368-4678-94ff-3960e28e3630/user.read",
        )
    if "offline_access" not in settings.oidc_scopes:
        yield (
            "oidc_scopes",
            "has no offline_access: Entra ID gives no refresh token then, and people sign in again every hour",
        )


def _at_entra(issuer: str) -> bool:
    return urlsplit(issuer).hostname in ("login.microsoftonline.com", "sts.windows.net")


def _proof_problems(settings: Settings, unreadable: set[str]) -> Iterator[tuple[str, str]]:
    method, key_file = settings.oidc_client_auth_method, settings.oidc_client_key_file
    if method == "private_key_jwt" and key_file is None and "oidc_client_key_file" not in unreadable:
        yield (
            "oidc_client_auth_method",
            "is private_key_jwt, which needs -oidc-client-key-file (HEADLAMP_CONFIG_OIDC_CLIENT_KEY_FILE)",
        )
    if method.startswith("client_secret_") and not settings.oidc_client_secret and not unreadable & _SECRETS:
        yield (
            "oidc_client_auth_method",
            f"is {method}, which needs -oidc-client-secret-file (HEADLAMP_CONFIG_OIDC_CLIENT_SECRET_FILE)",
        )
    if settings.oidc_client_key_id and key_file is None:
        yield "oidc_client_key_id", "needs -oidc-client-key-file (HEADLAMP_CONFIG_OIDC_CLIENT_KEY_FILE) too"
    if key_file is not None and (problem := _key_problem(key_file)):
        yield "oidc_client_key_file", problem


_SECRETS = frozenset({"oidc_client_secret", "oidc_client_secret_file"})


def _key_problem(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_KEY_FILE + 1)
    except OSError as error:
        return f"can't be read: {quoted(str(path))}: {(error.strerror or 'it is not readable').lower()}"
    if len(content) > _LONGEST_KEY_FILE or not _is_private_key(content):
        return f"must be a private key in PEM or JWK form, not encrypted; {quoted(str(path))} is not"
    return None


def _is_private_key(content: bytes) -> bool:
    try:
        if not content.lstrip().startswith(b"{"):
            load_pem_private_key(content, password=None)
            return True
        members: dict[str, Any] = json.loads(content)
        return members.get("kty") in ("RSA", "EC", "OKP") and bool(import_key(members).is_private)
    except (JoseError, UnsupportedAlgorithm, TypeError, KeyError, ValueError, RecursionError):
        return False
