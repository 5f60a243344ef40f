"""The user's groups: whether an API server can read them from the token, and whether they arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.kind import is_service_account
from headlamp.access.explanation.mapping import GROUP_CLAIMS, RESERVED, arrived, given_groups, groups_usable
from headlamp.access.explanation.shortening import in_words
from headlamp.access.explanation.token_reading import strings

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HOW_TO_GET = (
    "To get groups: at Dex and Okta ask for the scope groups in -oidc-scopes, at Keycloak add a group membership "
    "mapper, at Entra ID configure the token's groups claim."
)


def groups_findings(case: Case) -> Iterator[Finding]:
    """The claim that holds groups, by its own name, and `_claim_names`; nothing for a token of no provider."""
    if case.token.format != "jwt" or is_service_account(case.token):
        return
    yield from _distributed(case)
    claims = case.token.claims
    name = next((one for one in GROUP_CLAIMS if groups_usable(claims, one)), None)
    if name is not None:
        yield _told(case, name)
        return
    unusable = next((one for one in GROUP_CLAIMS if claims.get(one) is not None and strings(claims[one]) is None), None)
    if unusable is not None:
        yield Finding(
            unusable,
            in_words(claims[unusable]),
            "a list of texts, or one text",
            "off",
            f"An API server whose groups claim is {unusable} refuses the token; its log says `parse groups claim`.",
            f"Have the provider make `{unusable}` a list of names, or leave out --oidc-groups-claim.",
        )
    elif not _refers_to_groups(case):
        yield Finding(
            "groups",
            "(missing)",
            "a list of texts, or one text",
            "unknown",
            "Without the claim the user is in no group, and only what RBAC grants to the name itself is allowed. No "
            "API server refuses a token for that.",
            _HOW_TO_GET,
        )


def _told(case: Case, name: str) -> Finding:
    claims, user = case.token.claims, case.acceptance.user
    told = strings(claims[name]) or ()
    shown = in_words(list(told))
    if user is None:
        why = f"An API server can read them, where --oidc-groups-claim is {name}. They are no reason to be refused."
        if all(_GUID.fullmatch(group) for group in told):
            why += " They are ids, not names, and RBAC must name the ids."
        if any(group.startswith(RESERVED) for group in told):
            return Finding(
                name,
                shown,
                f"no name that begins with {RESERVED}",
                "off",
                "A group whose name is one of Kubernetes' own would have that one's rights, unless the cluster puts a "
                "prefix before it.",
                "Set --oidc-groups-prefix, and look at who gave the group this name.",
            )
        return Finding(name, shown, "a list of texts, or one text", "ok", why)
    at_cluster = list(given_groups(user))
    if arrived(claims, name, user) is not None:
        return Finding(name, shown, in_words(at_cluster), "ok", "The cluster has all of them.")
    if at_cluster:
        return Finding(
            name,
            shown,
            in_words(at_cluster),
            "unknown",
            "The cluster has other groups than the token names: its settings choose or rename them.",
            "Compare with the API server's --oidc-groups-claim, or claimMappings.groups.",
        )
    return Finding(
        name,
        shown,
        "the cluster has none",
        "off",
        "The cluster accepts the token, but does not take the groups from it, so RBAC for groups does not apply.",
        f"Set --oidc-groups-claim={name}, or claimMappings.groups.claim: {name}, at the API server.",
    )


def _refers_to_groups(case: Case) -> bool:
    claims = case.token.claims
    names = claims.get("_claim_names")
    return (isinstance(names, dict) and "groups" in names) or claims.get("hasgroups") is True


def _distributed(case: Case) -> Iterator[Finding]:
    """References to claims that are elsewhere (OpenID Connect Core 1.0, section 5.6.2): Entra ID's groups overage."""
    claims = case.token.claims
    names, sources = claims.get("_claim_names"), claims.get("_claim_sources")
    if names is None and sources is None and claims.get("hasgroups") is not True:
        return
    if not _well_formed(names, sources):
        yield Finding(
            "_claim_names",
            in_words(names),
            "each name with a source in `_claim_sources`",
            "off",
            "An API server refuses a token that refers to claims without saying where they are.",
            "Correct what makes `_claim_names` at the identity provider.",
            fatal=True,
        )
    elif _refers_to_groups(case):
        yield Finding(
            "groups",
            "too many for the token; it only refers to them",
            "the groups themselves",
            "off",
            "Entra ID leaves groups out above 200 and refers to Microsoft Graph instead. An API server whose groups "
            "claim is groups asks there without a token, fails, and refuses the sign-in "
            "(`could not expand distributed claims`).",
            "At Entra ID choose `groups assigned to the application` for the token's groups claim, or use app roles "
            "(--oidc-groups-claim=roles), or leave out --oidc-groups-claim.",
        )


def _well_formed(names: object, sources: object) -> bool:
    if not isinstance(names, dict | None) or not isinstance(sources, dict | None):
        return False
    return all(
        isinstance(source, str) and source and isinstance((sources or {}).get(source), dict)
        for source in (names or {}).values()
    ) and all(isinstance(place, dict) for place in (sources or {}).values())
