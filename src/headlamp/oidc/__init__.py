"""The OpenID Connect relying party: provider metadata and keys, authorization flow, verification, refresh."""

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.provider import Provider
from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.oidc.transaction import Transaction

__all__ = ["Provider", "ProviderConfig", "SignIn", "Tokens", "Transaction"]
