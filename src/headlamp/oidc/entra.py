"""What Entra ID's error numbers mean for this program's settings, and the shapes of its issuers.

The numbers are for words only. Microsoft says that they change, so nothing is ever decided by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from headlamp.oidc.hints import Hint

STS = "sts.windows.net"
ENTRA_HOSTS = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", STS}
)
_NUMBER = re.compile(r"AADSTS(\d{4,8})")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_CLIENT_PROOF = (
    "Your administrator should make a new secret for the application (Certificates & secrets), and set "
    "-oidc-client-secret-file or -oidc-client-secret to its Value. The Secret ID beside it is not the secret."
)
_SCOPES = (
    "Your administrator should change -oidc-scopes: besides openid, profile, email and offline_access, scopes of one "
    "application alone, for AKS 6dae42f8-4368-4678-94ff-3960e28e3630/user.read."
)
_CALLBACK = (
    "Your administrator should add this server's callback URL to the application's redirect URIs, of the kind Web: "
    "the one that the program prints at its start, or that -oidc-callback-url or -public-url make."
)
_CLIENT = (
    "Your administrator should compare -oidc-client-id and the tenant in -oidc-idp-issuer-url with the application."
)
_CONSENT = "Your administrator should grant the application its permissions for the tenant (API permissions)."
_PERSON = "Your administrator should look at this person's account and sign-in log in Entra ID."
_AGAIN = "Start the sign-in again."
_KEY = (
    "Your administrator should upload the certificate of -oidc-client-key-file to the application, and set "
    "-oidc-client-key-id to its thumbprint as Entra ID wants it."
)

HINTS: Mapping[int, Hint] = MappingProxyType(
    {
        7000215: Hint("The client secret is wrong; it may be the secret's ID instead of its value.", _CLIENT_PROOF),
        7000222: Hint("The client secret has expired.", _CLIENT_PROOF),
        7000218: Hint(
            "The application is not a public client, and no secret came along.",
            "Your administrator should set -oidc-client-secret-file, or allow public client flows for the application.",
        ),
        7000216: Hint("The application proved itself in a way that Entra ID does not take from it.", _CLIENT_PROOF),
        700016: Hint("The tenant has no application with this client id.", _CLIENT),
        90002: Hint("There is no such tenant.", _CLIENT),
        900023: Hint("The tenant's name is not one that there can be.", _CLIENT),
        50194: Hint(
            "The application is for one tenant, and the issuer URL is that of many.",
            "Your administrator should set -oidc-idp-issuer-url to "
            "https://login.microsoftonline.com/TENANT-ID/v2.0, with the id of the tenant.",
        ),
        7000112: Hint(
            "The application is disabled.", "Your administrator should enable it under Enterprise applications."
        ),
        50011: Hint("The callback URL is not registered.", _CALLBACK),
        500112: Hint("The callback URL is another one than that of the request.", _CALLBACK),
        9002326: Hint("The callback URL is registered for a single-page application.", _CALLBACK),
        9002327: Hint("The callback URL is registered for a single-page application.", _CALLBACK),
        9002325: Hint("The sign-in came without a proof key (PKCE).", _AGAIN),
        65001: Hint("Nobody has consented to what the application asks for.", _CONSENT),
        90094: Hint("An administrator has to consent to what the application asks for.", _CONSENT),
        65004: Hint("The consent was declined.", "Start the sign-in again, and accept what the application asks for."),
        650053: Hint("The application asks for a scope that does not exist.", _SCOPES),
        650057: Hint("The application asks for a resource that its registration does not list.", _CONSENT),
        70011: Hint("A scope is not valid.", _SCOPES),
        28000: Hint("The scopes are those of more than one application.", _SCOPES),
        500011: Hint("The tenant does not know the application whose scope is asked for.", _SCOPES),
        50105: Hint(
            "This person is not assigned to the application.",
            "Your administrator should assign the person or a group of theirs (Enterprise applications, Users and "
            "groups), or turn off that an assignment is required.",
        ),
        50020: Hint("This account is of another tenant.", "Sign in with an account of the organisation's own."),
        50034: Hint("The tenant does not know this account.", "Sign in with an account of the organisation's own."),
        50053: Hint("The account is locked for a while.", _PERSON),
        50057: Hint("The account is disabled.", _PERSON),
        50055: Hint("The password has expired.", "Change the password, and start the sign-in again."),
        50058: Hint("Nobody is signed in at Entra ID in this browser.", _AGAIN),
        50076: Hint("A second factor is needed.", _AGAIN),
        50078: Hint("The second factor has to be given anew.", _AGAIN),
        50079: Hint("A second factor has to be registered.", _AGAIN),
        53000: Hint("A rule asks for a managed device.", _PERSON),
        53003: Hint("A rule of the organisation (Conditional Access) does not allow this sign-in.", _PERSON),
        530032: Hint("A rule of the organisation does not allow this sign-in.", _PERSON),
        54005: Hint("The sign-in's code was used before.", _AGAIN),
        70008: Hint("The code or refresh token has expired.", _AGAIN),
        70043: Hint("A rule of the organisation limits how long a sign-in lasts, and it is over.", _AGAIN),
        700082: Hint("The refresh token was not used for too long.", _AGAIN),
        700084: Hint("The refresh token is one of a single-page application, which lasts for a day.", _CALLBACK),
        50173: Hint("The sign-in was revoked, for example by a new password.", _AGAIN),
        50132: Hint("The sign-in was revoked, for example by a new password.", _AGAIN),
        700027: Hint("The application's key is not the one that is registered.", _KEY),
        700023: Hint(
            "The application's assertion is addressed to somebody else.",
            "Your administrator should leave -oidc-client-assertion-audience at token_endpoint.",
        ),
        700024: Hint(
            "The application's assertion is not valid at this time.",
            "Your administrator should set this server's clock.",
        ),
    }
)


def entra_hint(description: str) -> Hint | None:
    """What an `error_description` of Entra ID means, None where it is none or has no number that we know."""
    for number in _NUMBER.findall(description):
        if int(number) in HINTS:
            return HINTS[int(number)]
    return None


def is_guid(text: str) -> bool:
    """Whether this is an id, as of a tenant, an application, or of a secret where its value should be."""
    return _GUID.fullmatch(text) is not None


def tenant_of(issuer: str) -> str | None:
    """The tenant's id in an issuer, None where its path has none."""
    segments = urlsplit(issuer).path.strip("/").split("/")
    return segments[0] if segments and is_guid(segments[0]) else None


def is_entra(issuer: str) -> bool:
    """Whether the issuer is a tenant of Entra ID: by its host, or in other clouds by its path."""
    parts = urlsplit(issuer)
    return parts.hostname in ENTRA_HOSTS or (tenant_of(issuer) is not None and parts.path.rstrip("/").endswith("/v2.0"))


def is_version_1(issuer: str) -> bool:
    """Whether this is a tenant's address without /v2.0: the issuer of access tokens, or the older endpoints."""
    return tenant_of(issuer) is not None and urlsplit(issuer).path.strip("/") == tenant_of(issuer)


def issuer_for_version_2(issuer: str, tenant: str) -> str:
    """What -oidc-idp-issuer-url should be for somebody who has named `issuer`."""
    parts = urlsplit(issuer)
    host = "login.microsoftonline.com" if parts.hostname == STS else parts.netloc
    return f"{parts.scheme}://{host}/{tenant}/v2.0"
