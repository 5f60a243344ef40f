"""Why an issuer URL is not the provider's own: the slips that are made with each kind of provider."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from headlamp.doctor.knobs import Knobs
from headlamp.oidc.errors import quoted

DISCOVERY = "/.well-known/openid-configuration"
ENTRA_HOSTS = frozenset({"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"})
ENTRA_V1_HOSTS = frozenset({"sts.windows.net"})
ENTRA_SHARED = frozenset({"common", "organizations", "consumers"})
GOOGLE = "https://accounts.google.com"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TENANT = re.compile(rf"/{_GUID.pattern}/v2\.0/?", re.IGNORECASE)


def is_entra(issuer: str) -> bool:
    """Whether the issuer is a tenant of Entra ID: by its host, or in other clouds by its path."""
    parts = urlsplit(issuer)
    return (parts.hostname or "") in ENTRA_HOSTS | ENTRA_V1_HOSTS or _TENANT.fullmatch(parts.path) is not None


def why_other_issuer(expected: str, found: str, knobs: Knobs) -> tuple[str, str]:
    """A hint and a remedy for metadata that name the issuer `found` where `expected` is set."""
    take = f"Set {knobs.set('issuer', quoted(found))}"
    clusters = "the clusters' API servers must have the same one (--oidc-issuer-url)"
    mine, theirs = urlsplit(expected), urlsplit(found)
    tenant = _first_segment(mine.path)
    if tenant in ENTRA_SHARED or "{tenantid}" in found:
        return (
            f"“{tenant}” is nobody's tenant: tokens name the tenant of the person who signs in.",
            f"Set {knobs.set('issuer', f'https://{mine.hostname}/TENANT-ID/v2.0')}, with the id of your tenant.",
        )
    if theirs.hostname in ENTRA_V1_HOSTS or (_GUID.fullmatch(tenant) and theirs.path.strip("/") == tenant):
        host = "login.microsoftonline.com" if mine.hostname in ENTRA_V1_HOSTS else mine.netloc
        tenant = _first_segment(theirs.path) or "TENANT-ID"
        return (
            "That is the v1 endpoint's issuer.",
            f"Set {knobs.set('issuer', f'{mine.scheme}://{host}/{tenant}/v2.0')}. For clusters that expect tokens of "
            f"{quoted(found)} there are -oidc-use-access-token and -oidc-validator-idp-issuer-url.",
        )
    if expected.rstrip("/") == found.rstrip("/"):
        return "They differ in the slash at the end.", f"{take}; {clusters}."
    if (mine.netloc, mine.path) == (theirs.netloc, theirs.path):
        return (
            f"They differ in http and https: the provider believes that it is reached by {theirs.scheme}.",
            "Tell the provider its own public address, and let the proxy in front of it send X-Forwarded-Proto. At "
            "Keycloak: --hostname=https://… and --proxy-headers=xforwarded.",
        )
    if mine.path.rstrip("/") == theirs.path.rstrip("/"):
        return (
            "They differ in the host: the provider calls itself after another address than the one set here.",
            f"{take}, if it can be reached under that name from here and from browsers. Else tell the provider its own "
            "public address (at Keycloak: --hostname=https://…; at Dex: issuer).",
        )
    return "", f"{take}, if that is the provider that you mean; {clusters}."


def why_no_document(issuer: str, status: int | None, knobs: Knobs) -> tuple[str, str]:
    """A hint and a remedy where there is no usable metadata document; `status` is the answer's, None without one."""
    parts = urlsplit(issuer)
    if issuer.rstrip("/").endswith(DISCOVERY):
        bare = issuer.rstrip("/").removesuffix(DISCOVERY)
        return (
            "The address of the metadata is not the issuer.",
            f"Set {knobs.set('issuer', bare)} (with or without a slash at the end, as the document's `issuer` says).",
        )
    look = f"Open {issuer.rstrip('/')}{DISCOVERY} in a browser: it must show a JSON document with an `issuer`."
    if status in (404, 405, 400) or status is None or status == 200:
        if parts.hostname in ENTRA_HOSTS:
            return "", f"Set {knobs.set('issuer', f'https://{parts.hostname}/TENANT-ID/v2.0')}. {look}"
        if "/realms/" in parts.path:
            return (
                "",
                "Check the realm's name, which is case-sensitive, and whether this Keycloak has /auth in front of "
                f"/realms (versions before 17 do, later ones only if told so). {look}",
            )
        return (
            "",
            "Set the whole issuer, with its path: at Keycloak https://HOST/realms/REALM, at Dex what its configuration "
            f"calls issuer (often https://HOST/dex), at authentik https://HOST/application/o/APP/. {look}",
        )
    return "", f"Look into the provider's own log for the same moment. {look}"


def _first_segment(path: str) -> str:
    return path.strip("/").partition("/")[0]
