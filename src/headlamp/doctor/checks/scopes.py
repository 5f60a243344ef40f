"""The scopes that are asked for, against those that the provider lists, and what people will miss without them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from headlamp.doctor.evidence import ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.oidc.entra import is_entra
from headlamp.oidc.errors import quoted

GOOGLE = "https://accounts.google.com"
SCOPES = Point(
    "provider.scopes",
    "Scopes",
    "Some providers (Keycloak, Dex) refuse a sign-in that asks for a scope they don't know; others leave it out.",
)
RENEWAL = Point(
    "provider.renewal",
    "Renewal",
    "Without a refresh token people are asked to sign in again whenever their ID token ends, often within the hour.",
)
RESOURCE = Point(
    "provider.resource",
    "Resource",
    "Clusters are sent the access token; Entra ID makes it for the resource that the scopes name.",
)

AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"
GROUPS = "groups"
OFFLINE = "offline_access"
_GRAPH = ("graph.microsoft.com", "00000003-0000-0000-c000-000000000000")


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """Unknown scopes, renewal, and at Entra ID the resource of the access token."""
    discovered = await case.discovered.get() if (await case.way.get()).open else None
    if discovered is None or not discovered.document:
        yield SCOPES.skipped("Which ones the provider knows can't be read; see above.", subject=case.subject)
    else:
        listed = discovered.document.get("scopes_supported")
        known = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else None
        yield _known(case, known)
        yield _renewal(case, known, discovered.document)
    # What the settings alone tell needs no provider.
    if case.config.token_rule.use_access_token and is_entra(case.config.issuer):
        yield _resource(case)


def _known(case: ProviderCase, known: list[str] | None) -> Finding:
    asked = ("openid", *case.config.scopes)
    if known is None:
        return SCOPES.ok(f"{', '.join(asked)}. The provider does not list those it knows.", subject=case.subject)
    # A scope of another resource (https://…, GUID/…) is never in the list.
    unknown = [scope for scope in asked if scope not in known and "/" not in scope]
    if unknown:
        rest = [scope for scope in case.config.scopes if scope not in unknown] or ["profile"]
        remedy = f"Add them to the client at the provider, or set {case.knobs.set('scopes', ','.join(rest))}."
        found = f"The provider does not list {', '.join(unknown)}; it lists {quoted(', '.join(known))}."
        return SCOPES.warning(found, remedy, subject=case.subject)
    found = f"{', '.join(asked)}: all are listed."
    if GROUPS in known and GROUPS not in asked:
        to_type = case.knobs.set("scopes", ",".join(_with_groups(case, known)))
        found += f" There is `groups` too, without which tokens may carry none for RBAC: {to_type}."
    return SCOPES.ok(found, subject=case.subject)


def _with_groups(case: ProviderCase, known: list[str] | None) -> tuple[str, ...]:
    """The scopes that are asked for, and `groups` where the provider has that."""
    scopes = case.config.scopes
    return (*scopes, GROUPS) if known is not None and GROUPS in known and GROUPS not in scopes else scopes


def _renewal(case: ProviderCase, known: list[str] | None, document: Mapping[str, Any]) -> Finding:
    if OFFLINE in case.config.scopes:
        return RENEWAL.ok(f"{OFFLINE} is asked for.", subject=case.subject)
    if case.config.issuer == GOOGLE:
        parameters = dict(case.config.auth_params)
        if parameters.get("access_type") == "offline":
            return RENEWAL.ok("access_type=offline is asked for.", subject=case.subject)
        remedy = case.knobs.flag("Set -oidc-extra-params=access_type=offline and -oidc-prompt=consent") + "."
        found = f"Google gives a refresh token only with access_type=offline; it does not know {OFFLINE}."
        return RENEWAL.warning(found, remedy, subject=case.subject)
    endpoint = document.get("token_endpoint")
    if isinstance(endpoint, str) and urlsplit(endpoint).path.endswith("/protocol/openid-connect/token"):
        # There the scope is for tokens that outlive the sign-in at the provider, which nobody needs here.
        return RENEWAL.ok(f"Keycloak gives a refresh token without {OFFLINE}.", subject=case.subject)
    if is_entra(case.config.issuer) or (known is not None and OFFLINE in known):
        scopes = ",".join((*_with_groups(case, known), OFFLINE))
        remedy = f"Set {case.knobs.set('scopes', scopes)}, and allow it for this client at the provider."
        found = f"{OFFLINE} is not asked for, and providers such as Dex, Okta and Entra ID give no refresh token then."
        return RENEWAL.warning(found, remedy, subject=case.subject)
    return RENEWAL.ok(
        f"The provider does not list {OFFLINE}; whether it gives a refresh token shows at a sign-in.",
        subject=case.subject,
    )


def _resource(case: ProviderCase) -> Finding:
    """Entra ID: without a scope of another resource the access token is for Microsoft Graph, and unverifiable."""
    of_resources = [scope for scope in case.config.scopes if "/" in scope]
    graph = [scope for scope in of_resources if any(name in scope for name in _GRAPH)]
    rest = [scope for scope in case.config.scopes if scope not in graph and scope != "User.Read"]
    if of_resources and not graph:
        return RESOURCE.ok(f"It is for {', '.join(of_resources)}.", subject=case.subject)
    scopes = ",".join((f"{AKS}/user.read", *rest))
    found = (
        f"{', '.join(graph)} is Microsoft Graph's: no cluster can verify such a token."
        if graph
        else "No scope names a resource, so that the access token is for Microsoft Graph: no cluster can verify it."
    )
    remedy = (
        f"For AKS set {case.knobs.set('scopes', scopes)}; for another cluster, the scope of an application of your own "
        "(api://APP-ID/NAME)."
    )
    return RESOURCE.failed(found, remedy, subject=case.subject)
