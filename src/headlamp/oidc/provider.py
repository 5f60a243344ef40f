"""One identity provider: sign-in, refresh and sign-out, put together from the parts of this room."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import structlog

from headlamp.oidc.backchannel import LogoutToken, rejected, verify_logout_token
from headlamp.oidc.cluster_credential import check_credential, keep_credential
from headlamp.oidc.cluster_token import ClusterTokenUnfit
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import (
    CodeRefused,
    IdTokenRejected,
    NoIdToken,
    ProviderUnavailable,
    RefreshRefused,
)
from headlamp.oidc.flow import authorization_url, check_transaction, code_of
from headlamp.oidc.http import Http, HttpClient
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS, RemoteKeys
from headlamp.oidc.logout import end_session_url
from headlamp.oidc.metadata import Discovery, Metadata
from headlamp.oidc.provider_hints import hint_for, how_to_be_renewed
from headlamp.oidc.refresh import PASSING, check_same_registration, check_same_sign_in, mismatch, refusal
from headlamp.oidc.revocation import revoke_refresh_token
from headlamp.oidc.token_endpoint import TokenRefusal, TokenResponse, request_tokens
from headlamp.oidc.token_rule import TokenRule
from headlamp.oidc.tokens import SignIn, Tokens, access_expiry
from headlamp.oidc.transaction import Transaction, new_transaction
from headlamp.oidc.userinfo import ask_userinfo, verify_userinfo
from headlamp.oidc.verification import Expected, peek_claims, verify_id_token


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

    async def finish(
        self, transaction: Transaction, params: Mapping[str, str], *, rule: TokenRule | None = None
    ) -> SignIn:
        """End a sign-in with the parameters that came to the callback address.

        `rule` is that of the cluster that the sign-in is for, when it has one of its own.

        Raises an `OidcProblem`: `TransactionUnknown`, `SignInExpired`, `ResponseIssuer`, `NoCode`, `ProviderRefused`
        with its kinds, `IdTokenRejected` with its kinds, `ClusterTokenUnfit` with its kinds, `ProviderUnavailable`
        with its kinds.
        """
        check_transaction(transaction, params, provider_id=self.config.id, now=self._now())
        metadata = await self.metadata()
        code = code_of(params, metadata=metadata)
        response = await self._exchange(code, transaction, metadata)
        if response.id_token is None:
            raise NoIdToken("The provider's token response has no ID token.")
        claims = await self._verify(response.id_token, metadata, response.access_token, transaction)
        tokens = Tokens(
            response.id_token,
            response.access_token,
            response.refresh_token,
            float(claims["exp"]),
            self._access_expiry(response),
        )
        await check_credential(tokens, rule or self.config.token_rule, metadata=metadata, keys=self._keys)
        if tokens.refresh_token is None:
            self._log.info("oidc_no_refresh_token", to_change_that=how_to_be_renewed(self.config, metadata))
        subject, sid = str(claims["sub"]), claims.get("sid")
        userinfo = await ask_userinfo(
            response.access_token,
            subject=subject,
            metadata=metadata,
            http=self._http,
            verify=lambda answer: self._verify_userinfo(answer, metadata),
        )
        return SignIn(
            provider_id=self.config.id,
            issuer=metadata.issuer,
            subject=subject,
            session_id=sid if isinstance(sid, str) and sid else None,
            claims=claims,
            userinfo=userinfo,
            tokens=tokens,
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
        check_same_registration(claims, issuer=self.config.issuer, client_id=self.config.client_id)
        metadata = await self.metadata()
        # Before the refresh token is spent: an answer that cannot be verified would be of no use.
        await self._keys.current(metadata.jwks_uri)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        response = await self._request_tokens(form, metadata)
        if isinstance(response, TokenRefusal):
            raise refusal(response)
        refresh_token = response.refresh_token or tokens.refresh_token
        kept = Tokens(
            tokens.id_token, response.access_token, refresh_token, tokens.expires_at, self._access_expiry(response)
        )
        renewed = await self._with_id_token(kept, response, metadata, subject=subject, claims=claims)
        try:
            await check_credential(renewed, self.config.token_rule, metadata=metadata, keys=self._keys)
        except ClusterTokenUnfit as problem:
            # The cluster would refuse it, and takes the old one for as long as that lasts.
            self._log.warning("oidc_refreshed_cluster_token_unfit", code=problem.code, reason=problem.message)
            return keep_credential(renewed, tokens, self.config.token_rule)
        return renewed

    async def _with_id_token(
        self, kept: Tokens, response: TokenResponse, metadata: Metadata, *, subject: str, claims: Mapping[str, Any]
    ) -> Tokens:
        """`kept` with the new ID token of a refresh, if there is one that can be used now. Raises `RefreshMismatch`."""
        if response.id_token is None:
            self._log.info("oidc_refresh_without_id_token")
            return kept
        try:
            refreshed = await self._verify(response.id_token, metadata, response.access_token, None)
        except (*PASSING, ProviderUnavailable) as problem:
            self._log.warning("oidc_refreshed_id_token_unusable", code=problem.code, reason=problem.message)
            return kept
        except IdTokenRejected as problem:
            raise mismatch(problem) from problem
        check_same_sign_in(refreshed, subject=subject, claims=claims)
        return msgspec.structs.replace(kept, id_token=response.id_token, expires_at=float(refreshed["exp"]))

    async def verify_logout_token(self, token: str) -> LogoutToken:
        """Whom a logout token of this provider is about; whether it was used before is for the caller to know.

        Raises `LogoutTokenRejected`, `ProviderUnavailable` or one of its kinds.
        """
        metadata = await self.metadata()
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self.config.client_id,
            algorithms=self.config.signing_algs,
            trusted_audiences=self._trusted_audiences(),
        )
        try:
            return await self._keys.settle(
                metadata.jwks_uri,
                lambda keys: verify_logout_token(token, expected=expected, keys=keys, now=self._now()),
            )
        except IdTokenRejected as problem:
            raise rejected(problem) from problem

    async def end_session_url(
        self, tokens: Tokens, *, claims: Mapping[str, Any], post_logout_redirect_uri: str, state: str
    ) -> str | None:
        """Where the browser goes to end the provider's own session as well; None when there is no such address.

        `tokens` and `claims` are those of the sign-in that is over. Raises `ProviderUnavailable` or one of its kinds.
        """
        if self._is_of_another_registration(tokens):
            return None
        return end_session_url(
            self.config,
            await self.metadata(),
            post_logout_redirect_uri=post_logout_redirect_uri,
            state=state,
            id_token=tokens.id_token,
            claims=claims,
        )

    async def revoke(self, tokens: Tokens, *, keep_offline: bool = False) -> bool:
        """Revoke the refresh token of a sign-in that is over, and say whether it was.

        With `keep_offline` not one that was asked for with the scope `offline_access`: it is for the time after a
        sign-out (OpenID Connect Back-Channel Logout 1.0, section 2.7). Raises `ProviderUnavailable` or its kinds.
        """
        if tokens.refresh_token is None or (keep_offline and "offline_access" in self.config.scopes):
            return False
        if self._is_of_another_registration(tokens):
            return False
        return await revoke_refresh_token(
            tokens.refresh_token,
            config=self.config,
            metadata=await self.metadata(),
            http=self._http,
            now=self._now,
            random=self._random,
        )

    def _is_of_another_registration(self, tokens: Tokens) -> bool:
        """Whether the settings have changed since `tokens` came: they must go to nobody else than who gave them."""
        try:
            claims = peek_claims(tokens.id_token)
            check_same_registration(claims, issuer=self.config.issuer, client_id=self.config.client_id)
        except RefreshRefused:
            return True
        except IdTokenRejected:
            return False
        return False

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._http.close()

    async def _request_tokens(self, form: dict[str, str], metadata: Metadata) -> TokenResponse | TokenRefusal:
        return await request_tokens(
            form, config=self.config, metadata=metadata, http=self._http, now=self._now, random=self._random
        )

    async def _exchange(self, code: str, transaction: Transaction, metadata: Metadata) -> TokenResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": transaction.redirect_uri,
            "code_verifier": transaction.verifier,
        }
        response = await self._request_tokens(form, metadata)
        if isinstance(response, TokenRefusal):
            raise CodeRefused(response.error, response.description, hint=hint_for(response.error, response.description))
        return response

    async def _verify(
        self, id_token: str, metadata: Metadata, access_token: str, transaction: Transaction | None
    ) -> dict[str, Any]:
        """The claims of the ID token of a sign-in, or without a `transaction` of a refresh."""
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self.config.client_id,
            algorithms=self.config.signing_algs,
            access_token=access_token,
            trusted_audiences=self._trusted_audiences(),
        )
        if transaction is not None:
            # Counted from the request: how long somebody takes to come back says nothing about them.
            since = transaction.created_at - self.config.max_age if self.config.max_age is not None else None
            expected = replace(
                expected,
                nonce=transaction.nonce,
                authenticated_since=since,
                acr_values=self.config.acr_values,
            )
        return await self._keys.settle(
            metadata.jwks_uri, lambda keys: verify_id_token(id_token, expected=expected, keys=keys, now=self._now())
        )

    async def _verify_userinfo(self, answer: str, metadata: Metadata) -> dict[str, Any]:
        """The claims of a signed UserInfo answer (OpenID Connect Core 1.0, section 5.3.2). Raises `IdTokenRejected`."""
        return await self._keys.settle(
            metadata.jwks_uri,
            lambda keys: verify_userinfo(
                answer,
                issuer=metadata.issuer,
                client_id=self.config.client_id,
                algorithms=self.config.signing_algs,
                keys=keys,
                now=self._now(),
            ),
        )

    def _trusted_audiences(self) -> frozenset[str]:
        """Who may stand beside us in an ID token: whom the configuration names, as a cluster that is shown it."""
        rule = self.config.token_rule
        shown_to = {rule.audience} if rule.audience and not rule.use_access_token else set()
        return self.config.trusted_audiences | shown_to

    def _access_expiry(self, response: TokenResponse) -> float | None:
        return access_expiry(response.access_token, expires_in=response.expires_in, now=self._now())
