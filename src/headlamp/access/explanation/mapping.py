"""Which claims become the user's name and groups: as the cluster does it where that shows, else as it best should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.token_reading import strings, text
from headlamp.access.reviews import WhoAmI

RESERVED = "system:"
"""What Kubernetes' own names and groups begin with; nobody from outside should be given one."""

SAFE_PREFIX = "oidc:"

_NAMES = ("email", "sub", "preferred_username", "upn", "oid", "username", "name")
_INSTEAD_OF_SUB = ("oid", "preferred_username", "upn", "username", "client_id", "azp")
GROUP_CLAIMS = ("groups", "roles", "cognito:groups", "group", "memberOf")
# Lists of texts that are about the token or the sign-in.
_NO_GROUPS = frozenset({"aud", "amr", "acr", "scope", "scp"})
_KUBERNETES_OWN = frozenset({"system:authenticated", "system:unauthenticated"})


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """The claims and prefixes that make a user; `groups_claim` None maps no groups."""

    username_claim: str
    username_prefix: str
    groups_claim: str | None = None
    groups_prefix: str = ""


def email_is_usable(claims: Mapping[str, Any]) -> bool:
    """Whether kube-apiserver takes `email` as a user's name: where `email_verified` is present, it must be true."""
    return bool(text(claims.get("email"))) and claims.get("email_verified", True) is True


def groups_usable(claims: Mapping[str, Any], name: str) -> bool:
    """Whether kube-apiserver takes a claim for groups: a text or a list of texts, and some of them."""
    return bool(strings(claims.get(name)))


def choose_mapping(case: Case) -> ClaimMapping | None:
    """The mapping that the cluster shows by how it names the user, else one that accepts the token; None: none does.

    An e-mail address only counts as a name when the provider says that it has verified it; otherwise `sub` does, which
    is Kubernetes' default and never given to two people.
    """
    claims, issuer = case.token.claims, case.token.issuer
    if (user := case.acceptance.user) is not None and (shown := _shown_mapping(claims, issuer, user)) is not None:
        return shown
    if text(claims.get("email")) and claims.get("email_verified") is True:
        username = "email"
    else:
        candidates = ("sub", *_INSTEAD_OF_SUB)
        username = next((name for name in candidates if text(claims.get(name))), "")
    if not username:
        return None
    username_prefix = default_prefix(username, issuer)
    if username_prefix == "" and text(claims.get(username)).startswith(RESERVED):
        username_prefix = SAFE_PREFIX
    groups = next((name for name in GROUP_CLAIMS if groups_usable(claims, name)), None)
    reserved = groups is not None and any(name.startswith(RESERVED) for name in strings(claims.get(groups)) or ())
    return ClaimMapping(username, username_prefix, groups, SAFE_PREFIX if reserved else "")


def default_prefix(username_claim: str, issuer: str) -> str:
    """What `--oidc-username-prefix` is when it is not set."""
    return "" if username_claim == "email" else f"{issuer}#"


def given_groups(user: WhoAmI) -> tuple[str, ...]:
    """The groups that a cluster has put a user into because of the token: all but Kubernetes' own."""
    return tuple(group for group in user.groups if group not in _KUBERNETES_OWN)


def arrived(claims: Mapping[str, Any], name: str, user: WhoAmI) -> str | None:
    """The prefix with which all groups of the claim `name` are among the user's; None when they are not."""
    told = strings(claims.get(name))
    if not told:
        return None
    has = set(given_groups(user))
    longest = max(told, key=len)
    for group in sorted(has, key=len):
        if group.endswith(longest):
            prefix = group[: len(group) - len(longest)]
            if all(prefix + one in has for one in told):
                return prefix
    return None


def _shown_mapping(claims: Mapping[str, Any], issuer: str, user: WhoAmI) -> ClaimMapping | None:
    names = [name for name in _NAMES if text(claims.get(name))]
    names += [name for name, value in claims.items() if name not in names and text(value)]
    fitting = [name for name in names if user.username.endswith(text(claims[name]))]
    if not fitting:
        return None
    username = _most_likely(fitting, claims, issuer, user.username)
    prefix = user.username.removesuffix(text(claims[username]))
    lists = [name for name, value in claims.items() if isinstance(value, list) and name not in _NO_GROUPS]
    for name in dict.fromkeys((*GROUP_CLAIMS, *lists)):
        if (groups_prefix := arrived(claims, name, user)) is not None:
            return ClaimMapping(username, prefix, name, groups_prefix)
    return ClaimMapping(username, prefix)


def _most_likely(fitting: Sequence[str], claims: Mapping[str, Any], issuer: str, username: str) -> str:
    """Of the claims that a name ends with: the one whose prefix is the one by default, else the longest."""
    for name in fitting:
        if username == default_prefix(name, issuer) + claims[name]:
            return name
    return max(fitting, key=lambda name: len(claims[name]))
