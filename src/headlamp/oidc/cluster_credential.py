"""The credential that a sign-in yields for clusters: whether it can be used, at sign-in and at each renewal."""

from __future__ import annotations

import contextlib

import msgspec

from headlamp.oidc.cluster_token import ClusterTokenSignature, check_cluster_token, credential, named_key
from headlamp.oidc.errors import BadSignature, IdTokenRejected, ProviderUnavailable
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS, RemoteKeys
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.token_rule import TokenRule
from headlamp.oidc.tokens import Tokens
from headlamp.oidc.verification import verify_signature

# RFC 9068, section 2.1.
_ACCESS_TOKEN = frozenset({"at+jwt"})


async def check_credential(tokens: Tokens, rule: TokenRule, *, metadata: Metadata, keys: RemoteKeys) -> None:
    """Whether the cluster's token is as `rule` has it, and whose signature it has where we can tell.

    An ID token has been verified before it gets here. An access token of another issuer, or with a key that is not
    published, is for the cluster to verify. Raises a kind of `ClusterTokenUnfit`.
    """
    token = credential(tokens, rule)
    check_cluster_token(token, rule)
    if not rule.use_access_token or not named_key(token, issuer=metadata.issuer):
        return
    with contextlib.suppress(IdTokenRejected, ProviderUnavailable):
        try:
            await keys.settle(
                metadata.jwks_uri,
                lambda known: verify_signature(token, algorithms=SUPPORTED_ALGORITHMS, keys=known, kinds=_ACCESS_TOKEN),
            )
        except BadSignature:
            raise ClusterTokenSignature(
                "The access token names a key of the provider, and is not signed with it."
            ) from None


def keep_credential(renewed: Tokens, old: Tokens, rule: TokenRule) -> Tokens:
    """The renewed tokens with the old credential for clusters, and its own end."""
    if rule.use_access_token:
        return msgspec.structs.replace(renewed, access_token=old.access_token, access_expires_at=old.access_expires_at)
    return msgspec.structs.replace(renewed, id_token=old.id_token, expires_at=old.expires_at)
