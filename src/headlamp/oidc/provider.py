"""One identity provider: sign-in and refresh, put together from the parts of this room."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import (
    BadSignature,
    CodeRefused,
    IdTokenRejected,
    NoIdToken,
    ProviderUnavailable,
    RefreshRefused,
    UnknownKey,
)
from headlamp.oidc.flow import authorization_url, check_transaction, code_of
from headlamp.oidc.http import Http, HttpClient
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS, RemoteKeys
from headlamp.oidc.metadata import Discovery, Metadata
from headlamp.oidc.refresh import PASSING, check_same_sign_in, mismatch, refusal
from headlamp.oidc.token_endpoint import TokenRefusal, TokenResponse, request_tokens
from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.oidc.transaction import Transaction, new_transaction
from headlamp.oidc.userinfo import ask_userinfo
from headlamp.oidc.verification import Expected, verify_id_token


class Provider:
    """The relying party at one provider. Nothing is asked of the provider before somebody needs it."""

    def __init__(
        self,
        config: ProviderConfig,
        *,
        http: Http | None = None,
        now: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Raises `ValueError` when `config` allows a signing algorithm that proves nothing here, such as HS256."""
        if unusable := config.signing_algs - SUPPORTED_ALGORITHMS.keys():
            raise ValueError(f"not a signing algorithm for ID tokens: {', '.join(sorted(unusable))}")
        self.config = config
        self._http = http or HttpClient(ca_pem=config.ca_pem, skip_tls_verify=config.skip_tls_verify)
        self._now = now
        self._random = random
        self._discovery = Discovery(config.issuer, self._http, now=now)
        self._keys = RemoteKeys(self._http, now=now)
        self._log = structlog.get_logger("headlamp.oidc").bind(provider=config.id)

    async def metadata(self) -> Metadata:
        """What the provider says about itself. Raises `ProviderUnavailable` or one of its kinds."""
        return await self._discovery.get()

    async def begin(
        self, *, redirect_uri: str, return_to: str, cluster: str, extra: Mapping[str, str] | None = None
    ) -> tuple[str, Transaction]:
        """Start a sign-in: the URL to send the browser to, and what has to be known when it comes back.

        `extra` are parameters such as `login_hint` or `prompt`. Raises `ProviderUnavailable` or one of its kinds.
        """
        metadata = await self.metadata()
        transaction = new_transaction(
            provider_id=self.config.id,
            redirect_uri=redirect_uri,
            return_to=return_to,
            cluster=cluster,
            now=self._now(),
            random=self._random,
        )
        return authorization_url(transaction, config=self.config, metadata=metadata, extra=extra or {}), transaction

    async def finish(self, transaction: Transaction, params: Mapping[str, str]) -> SignIn:
        """End a sign-in with the parameters that came to the callback address.

        Raises an `OidcProblem`: `TransactionUnknown`, `SignInExpired`, `ResponseIssuer`, `NoCode`, `ProviderRefused`
        with its kinds, `IdTokenRejected` with its kinds, `ProviderUnavailable` with its kinds.
        """
        check_transaction(transaction, params, provider_id=self.config.id, now=self._now())
        metadata = await self.metadata()
        code = code_of(params, metadata=metadata)
        response = await self._exchange(code, transaction, metadata)
        if response.id_token is None:
            raise NoIdToken("The provider's token response has no ID token.")
        claims = await self._verify(response.id_token, metadata, response.access_token, nonce=transaction.nonce)
        subject, sid = str(claims["sub"]), claims.get("sid")
        userinfo = await ask_userinfo(response.access_token, subject=subject, metadata=metadata, http=self._http)
        return SignIn(
            provider_id=self.config.id,
            issuer=metadata.issuer,
            subject=subject,
            session_id=sid if isinstance(sid, str) and sid else None,
            claims=claims,
            userinfo=userinfo,
            tokens=Tokens(response.id_token, response.access_token, response.refresh_token, float(claims["exp"])),
        )

    async def refresh(self, tokens: Tokens, *, subject: str, claims: Mapping[str, Any]) -> Tokens:
        """New tokens for the sign-in of `subject`, whose ID token had `claims`.

        Where the answer has no ID token, or one that cannot be verified at the moment, the result has the old one with
        its expiry, and whatever else is new: the caller stores it, since the old refresh token may be spent.

        Raises `RefreshRefused` (final), `RefreshMismatch` (the session must end), `ProviderUnavailable` or one of its
        kinds (may pass; the refresh token was possibly not used).
        """
        if tokens.refresh_token is None:
            raise RefreshRefused("The identity provider gave no refresh token with this sign-in.")
        metadata = await self.metadata()
        # Before the refresh token is spent: an answer that cannot be verified would be of no use.
        await self._keys.current(metadata.jwks_uri)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        response = await request_tokens(form, config=self.config, metadata=metadata, http=self._http)
        if isinstance(response, TokenRefusal):
            raise refusal(response)
        refresh_token = response.refresh_token or tokens.refresh_token
        kept = Tokens(tokens.id_token, response.access_token, refresh_token, tokens.expires_at)
        if response.id_token is None:
            self._log.info("oidc_refresh_without_id_token")
            return kept
        try:
            refreshed = await self._verify(response.id_token, metadata, response.access_token, nonce=None)
        except (*PASSING, ProviderUnavailable) as problem:
            self._log.warning("oidc_refreshed_id_token_unusable", code=problem.code, reason=problem.message)
            return kept
        except IdTokenRejected as problem:
            raise mismatch(problem) from problem
        check_same_sign_in(refreshed, subject=subject, claims=claims)
        return Tokens(response.id_token, response.access_token, refresh_token, float(refreshed["exp"]))

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._http.close()

    async def _exchange(self, code: str, transaction: Transaction, metadata: Metadata) -> TokenResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": transaction.redirect_uri,
            "code_verifier": transaction.verifier,
        }
        response = await request_tokens(form, config=self.config, metadata=metadata, http=self._http)
        if isinstance(response, TokenRefusal):
            raise CodeRefused(response.error, response.description)
        return response

    async def _verify(
        self, id_token: str, metadata: Metadata, access_token: str, *, nonce: str | None
    ) -> dict[str, Any]:
        """Verify with the keys that we have, and once more with new ones if none of them signed the token."""
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self.config.client_id,
            algorithms=self.config.signing_algs,
            nonce=nonce,
            access_token=access_token,
        )
        keys = await self._keys.current(metadata.jwks_uri)
        try:
            return verify_id_token(id_token, expected=expected, keys=keys, now=self._now())
        except (UnknownKey, BadSignature):
            # A bad signature too: a provider may have put a new key under an old id.
            newer = await self._keys.renewed(metadata.jwks_uri, keys)
            if newer is keys:
                raise
            return verify_id_token(id_token, expected=expected, keys=newer, now=self._now())
