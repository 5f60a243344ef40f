"""Why a provider's metadata speak for another issuer than the configured one, and what to set instead."""

from __future__ import annotations

from urllib.parse import urlsplit

from headlamp.oidc.entra import is_version_1, issuer_for_version_2, tenant_of
from headlamp.oidc.errors import IssuerMismatch, IssuerTemplate, quoted
from headlamp.oidc.hints import Hint


def issuer_mismatch(*, expected: str, found: str) -> IssuerMismatch:
    """The problem of metadata that name `found` where `expected` is configured, in the words that fit."""
    if "{" in found:
        return IssuerTemplate(expected=expected, found=found, hint=_template(expected, found))
    tenant = tenant_of(found)
    if tenant is not None and tenant == tenant_of(expected) and is_version_1(expected):
        return IssuerMismatch(expected=expected, found=found, hint=version_1(expected, tenant))
    return IssuerMismatch(expected=expected, found=found, hint=_other_name(expected, found))


def version_1(expected: str, tenant: str) -> Hint:
    """The older issuer of an Entra ID tenant in the place of its own."""
    return Hint(
        "That is a tenant's issuer of version 1, which access tokens have.",
        f"Your administrator should set -oidc-idp-issuer-url to {quoted(issuer_for_version_2(expected, tenant))}. The "
        "issuer of access tokens (https://sts.windows.net/TENANT-ID/) belongs into -oidc-validator-idp-issuer-url.",
    )


def _template(expected: str, found: str) -> Hint:
    own = found[: found.index("{")] + "TENANT-ID" + found[found.rindex("}") + 1 :] if "}" in found else expected
    return Hint(
        "That address is for the people of any tenant, and their tokens are from their own tenants' issuers.",
        f"Your administrator should set -oidc-idp-issuer-url to {quoted(own)}, with the id of the tenant.",
    )


def _other_name(expected: str, found: str) -> Hint | None:
    if found.rstrip("/") == expected.rstrip("/"):
        return Hint(
            "They differ in the slash at the end.",
            f"Your administrator should set -oidc-idp-issuer-url to {quoted(found)}, with"
            f"{'' if found.endswith('/') else 'out'} the slash, here and for the clusters.",
        )
    if not found.startswith(("https://", "http://")):
        return None
    same_place = urlsplit(found).path.rstrip("/") == urlsplit(expected).path.rstrip("/")
    otherwise = " Or the provider should be told its public address (Keycloak: --hostname)." if same_place else ""
    return Hint(
        "",
        f"Your administrator should set -oidc-idp-issuer-url to {quoted(found)}, to the letter, if that is the "
        f"provider that is meant.{otherwise}",
    )
