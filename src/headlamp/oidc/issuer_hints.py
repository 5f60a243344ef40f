"""Why an issuer URL is not the provider's own: the slips that are made with each kind of provider.

The words are for whoever reads a failed sign-in and for whoever asks the doctor; each names the setting in its own way.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from headlamp.oidc.entra import ENTRA_HOSTS, STS, is_version_1, issuer_for_version_2, tenant_of
from headlamp.oidc.errors import IssuerMismatch, IssuerTemplate
from headlamp.oidc.hints import IssuerSlip

DISCOVERY = "/.well-known/openid-configuration"
_THE_URL = "The issuer URL (-oidc-idp-issuer-url, in a kubeconfig idp-issuer-url)"


def issuer_mismatch(*, expected: str, found: str) -> IssuerMismatch:
    """The problem of metadata that name `found` where `expected` is configured, in the words that fit."""
    kind = IssuerTemplate if "{" in found else IssuerMismatch
    return kind(expected=expected, found=found, slip=_other_issuer(expected, found))


def version_1(expected: str, tenant: str) -> IssuerSlip:
    """The older issuer of an Entra ID tenant in the place of its own."""
    return IssuerSlip(
        "That is the tenant's issuer of version 1 (v1), which access tokens have.",
        issuer_for_version_2(expected, tenant),
        further="The issuer of access tokens (https://sts.windows.net/TENANT-ID/) belongs into "
        "-oidc-validator-idp-issuer-url, beside -oidc-use-access-token.",
    )


def no_document(issuer: str, status: int | None) -> IssuerSlip:
    """Why there is no usable metadata document; `status` is the answer's, None without one."""
    bare = issuer.rstrip("/").removesuffix(DISCOVERY)
    look = f"Opened in a browser, {bare.rstrip('/')}{DISCOVERY} has to show a JSON document with an `issuer`."
    if bare != issuer.rstrip("/"):
        return IssuerSlip(
            "The address of the metadata is not the issuer.",
            bare,
            " (with or without a slash at the end, as the document's `issuer` says)",
        )
    if status is not None and status not in (200, 400, 404, 405):
        return IssuerSlip(further=f"The provider's own log says more about that moment. {look}")
    parts = urlsplit(issuer)
    if parts.hostname in ENTRA_HOSTS:
        own = f"https://{parts.hostname}/TENANT-ID/v2.0"
        return IssuerSlip(issuer=own, clause=", with the id of the tenant", further=look)
    if "/realms/" in parts.path:
        return IssuerSlip(
            further=f"{_THE_URL} names a realm: that is case-sensitive, and a Keycloak before version 17 has /auth in "
            f"front of /realms, a later one only if it was told so. {look}"
        )
    return IssuerSlip(
        further=f"{_THE_URL} has to be whole, with its path: Keycloak's is https://HOST/realms/REALM, Entra ID's "
        "ends in /TENANT-ID/v2.0, Okta's may end in /oauth2/default, authentik's is https://HOST/application/o/APP/, "
        f"Dex's is what its configuration calls issuer (often https://HOST/dex). {look}"
    )


def _other_issuer(expected: str, found: str) -> IssuerSlip:
    if "{" in found:
        return _template(expected, found)
    tenant = tenant_of(found)
    at_sts = urlsplit(found).hostname == STS
    if tenant is not None and (at_sts or (tenant == tenant_of(expected) and is_version_1(expected))):
        return version_1(expected, tenant)
    if not found.startswith(("https://", "http://")):
        return IssuerSlip(
            further=f"{_THE_URL} has to be the provider's own, to the letter, and so the provider has to name one."
        )
    return _other_name(expected, found)


def _template(expected: str, found: str) -> IssuerSlip:
    own = found[: found.index("{")] + "TENANT-ID" + found[found.rindex("}") + 1 :] if "}" in found else expected
    return IssuerSlip(
        "That address is nobody's tenant: tokens are from the issuer of the tenant that the person is of.",
        own,
        ", with the id of the tenant",
    )


def _other_name(expected: str, found: str) -> IssuerSlip:
    mine, theirs = urlsplit(expected), urlsplit(found)
    if found.rstrip("/") == expected.rstrip("/"):
        slash = "with" if found.endswith("/") else "without"
        return IssuerSlip("They differ in the slash at the end.", found, f", {slash} the slash, here and for clusters")
    if (mine.netloc, mine.path) == (theirs.netloc, theirs.path) and theirs.scheme == "http":
        # Setting it would not do: plain http is accepted on loopback hosts only.
        return IssuerSlip(
            "They differ in http and https: the provider believes that it is reached by http.",
            further="The provider has to be told its own public address, and the proxy in front of it to send "
            "X-Forwarded-Proto (Keycloak: --hostname=https://… and --proxy-headers=xforwarded).",
        )
    if mine.path.rstrip("/") == theirs.path.rstrip("/"):
        return IssuerSlip(
            "They differ in the host: the provider calls itself after another address than the one set here.",
            found,
            ", if it can be reached under that name from here and from browsers",
            "Or the provider has to be told its public address (Keycloak: --hostname=https://…; Dex: issuer).",
        )
    clause = ", to the letter, if that is the provider that is meant; clusters need the same one (--oidc-issuer-url)"
    return IssuerSlip("", found, clause)
