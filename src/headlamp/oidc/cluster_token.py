"""Whether a token can be the credential of a cluster: what is looked at before it is sent there.

Only claims are compared. Who signed in is proven by the ID token alone, and the cluster verifies what it is sent; this
is to say at once, and in words, what the cluster would only answer with 401.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from headlamp.oidc.errors import MalformedToken, OidcProblem, TokenTooLarge, quoted
from headlamp.oidc.token_rule import TokenRule
from headlamp.oidc.tokens import Tokens
from headlamp.oidc.verification import peek

_AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"
_ENTRA_SCOPES = (
    "With Entra ID the first scope of -oidc-scopes decides whom the access token is for: name one of the application "
    f"that the cluster trusts, for AKS {_AKS}/user.read, and none of Microsoft Graph's (such as User.Read)."
)


class ClusterTokenUnfit(OidcProblem):
    """The sign-in is good, but its token is none that the cluster would take. `expected` and `found` say why."""

    code: ClassVar[str] = "oidc.cluster_token"
    # Not 401: signing in once more would bring the same token.
    status: ClassVar[int] = 403
    title: ClassVar[str] = "The token for the cluster is not the right one"

    def __init__(self, message: str = "", *, expected: str = "", found: str = "", remedy: str | None = None) -> None:
        self.expected, self.found = quoted(expected), quoted(found)
        super().__init__(message, remedy=remedy)


class ClusterTokenAudience(ClusterTokenUnfit):
    """The token is for other audiences than the one that the cluster expects."""

    code = "oidc.cluster_token_audience"
    title = "The token for the cluster is meant for another application"


class ClusterTokenIssuer(ClusterTokenUnfit):
    """The token is from another issuer than the one that the cluster trusts."""

    code = "oidc.cluster_token_issuer"
    title = "The token for the cluster comes from another issuer"


class ClusterTokenUnverifiable(ClusterTokenUnfit):
    """The access token is one of Microsoft Graph's: its signature holds for nobody else."""

    code = "oidc.cluster_token_graph"
    title = "The access token is for Microsoft Graph, and no cluster can verify it"


class ClusterTokenSignature(ClusterTokenUnfit):
    """The access token names a key of the provider, and is not signed with it."""

    code = "oidc.cluster_token_signature"
    title = "The signature of the token for the cluster is wrong"
    remedy = (
        "Start the sign-in again. If it stays, tell your administrator: the provider signs with another key than it "
        "publishes."
    )


def credential(tokens: Tokens, rule: TokenRule) -> str:
    """The token of a sign-in that a cluster under `rule` is shown."""
    return tokens.access_token if rule.use_access_token else tokens.id_token


def check_cluster_token(token: str, rule: TokenRule) -> None:
    """Compare what a token says about itself with `rule`; one that is not a JWT is passed on unread.

    Raises `ClusterTokenUnverifiable`, `ClusterTokenIssuer`, `ClusterTokenAudience`.
    """
    try:
        header, claims = peek(token)
    except (MalformedToken, TokenTooLarge):
        return
    # Entra ID puts a nonce into the header of Graph's tokens, and signs another one in its place.
    if rule.use_access_token and "nonce" in header:
        raise ClusterTokenUnverifiable(
            f"The access token is for {_listed(claims)}, and has a nonce in its header: its signature can be verified "
            "by Microsoft Graph alone.",
            found=_listed(claims),
            remedy=f"Your administrator should change -oidc-scopes. {_ENTRA_SCOPES}",
        )
    issuer = claims.get("iss")
    if rule.issuer and issuer != rule.issuer:
        raise _wrong_issuer(rule, issuer if isinstance(issuer, str) else "nobody")
    if rule.audience and rule.audience not in audiences(claims):
        raise _wrong_audience(rule, _listed(claims))


def named_key(token: str, *, issuer: str) -> bool:
    """Whether a token says that `issuer` made it, and with which key: then it is one that we could verify."""
    try:
        header, claims = peek(token)
    except (MalformedToken, TokenTooLarge):
        return False
    return claims.get("iss") == issuer and isinstance(header.get("kid"), str)


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The `aud` of a token as a list (RFC 7519, section 4.1.3); what is no text in it is left out."""
    value = claims.get("aud", ())
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(v for v in values if isinstance(v, str))


def _listed(claims: Mapping[str, Any]) -> str:
    return quoted(", ".join(audiences(claims))) or "nobody"


def _wrong_issuer(rule: TokenRule, found: str) -> ClusterTokenIssuer:
    if rule.use_access_token:
        remedy = (
            "Your administrator should set -oidc-validator-idp-issuer-url to the issuer that the access token has, to "
            "the letter (a slash at the end counts), if that is the one that the cluster trusts. Entra ID's access "
            "tokens come from https://sts.windows.net/TENANT/ unless their application asks for version 2."
        )
    else:
        remedy = (
            "An ID token has the issuer of -oidc-idp-issuer-url. If clusters get access tokens, your administrator "
            "should set -oidc-use-access-token=true; if not, leave -oidc-validator-idp-issuer-url out."
        )
    return ClusterTokenIssuer(
        f"The issuer of the {_name(rule)} is {quoted(found)}, and -oidc-validator-idp-issuer-url expects "
        f"{quoted(rule.issuer)}.",
        expected=rule.issuer,
        found=found,
        remedy=remedy,
    )


def _wrong_audience(rule: TokenRule, found: str) -> ClusterTokenAudience:
    if rule.use_access_token:
        remedy = (
            "Your administrator should ask for the scope that brings this audience with -oidc-scopes (at Keycloak an "
            f"audience mapper does it), or correct -oidc-validator-client-id. {_ENTRA_SCOPES}"
        )
    else:
        remedy = (
            "Your administrator should have the provider put this audience into the ID token, or set "
            "-oidc-validator-client-id to one that it has. If clusters get access tokens, -oidc-use-access-token=true "
            "is missing."
        )
    return ClusterTokenAudience(
        f"The {_name(rule)} is for {found}, and -oidc-validator-client-id expects {quoted(rule.audience)}.",
        expected=rule.audience,
        found=found,
        remedy=remedy,
    )


def _name(rule: TokenRule) -> str:
    return "access token" if rule.use_access_token else "ID token"
