"""What a provider says about itself (OpenID Connect Discovery 1.0, sections 3 and 4)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec

from headlamp.oidc.errors import BadProviderAnswer, ProviderUnavailable, quoted, set_issuer
from headlamp.oidc.http import Http, require_secure
from headlamp.oidc.issuer_hints import DISCOVERY, issuer_mismatch, no_document

MAX_AGE = 3600.0
RETRY_AFTER = 10.0


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a discovery document that this client goes by; None where the provider is silent.

    `response_names_issuer` is `authorization_response_iss_parameter_supported` (RFC 9207, section 3).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    client_auth_methods: tuple[str, ...] | None = None
    client_auth_algorithms: tuple[str, ...] | None = None
    revocation_auth_methods: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    response_names_issuer: bool = False


def discovery_url(issuer: str) -> str:
    """Where the document of `issuer` is (OpenID Connect Discovery 1.0, section 4.1)."""
    return issuer.rstrip("/") + DISCOVERY


def read_metadata(document: dict[str, Any], *, issuer: str) -> Metadata:
    """Check a discovery document and keep what we need of it.

    Raises `IssuerMismatch` when it speaks for another issuer, `BadProviderAnswer` when something needed is missing,
    `InsecureAddress` when an endpoint is not https (http is for providers whose issuer is http on loopback).
    """
    found = document.get("issuer")
    if found != issuer:
        raise issuer_mismatch(expected=issuer, found=found if isinstance(found, str) else "nothing")
    allow_http = issuer.startswith("http://")

    def endpoint(name: str) -> str | None:
        value = document.get(name)
        if not isinstance(value, str) or not value:
            return None
        require_secure(value, name, allow_http=allow_http)
        return value

    def required(name: str) -> str:
        value = endpoint(name)
        if value is None:
            raise BadProviderAnswer(f"The provider's metadata has no {name}.")
        return value

    return Metadata(
        issuer=issuer,
        authorization_endpoint=required("authorization_endpoint"),
        token_endpoint=required("token_endpoint"),
        jwks_uri=required("jwks_uri"),
        userinfo_endpoint=endpoint("userinfo_endpoint"),
        end_session_endpoint=endpoint("end_session_endpoint"),
        revocation_endpoint=endpoint("revocation_endpoint"),
        client_auth_methods=_names(document.get("token_endpoint_auth_methods_supported")),
        client_auth_algorithms=_names(document.get("token_endpoint_auth_signing_alg_values_supported")),
        revocation_auth_methods=_names(document.get("revocation_endpoint_auth_methods_supported")),
        scopes=_names(document.get("scopes_supported")),
        response_names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _names(value: Any) -> tuple[str, ...] | None:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else None


class Discovery:
    """One provider's metadata, fetched when first asked for and again every hour; the last good copy is kept.

    While the provider fails it is asked at most every ten seconds, however many people wait.
    """

    def __init__(self, issuer: str, http: Http, *, now: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._http = http
        self._now = now
        self._lock = asyncio.Lock()
        self._good: Metadata | None = None
        self._good_until = 0.0
        self._failure: ProviderUnavailable | None = None
        self._retry_at = 0.0

    async def get(self) -> Metadata:
        """The metadata. Raises `ProviderUnavailable` or one of its kinds when there never was a good copy."""
        if self._good is not None and self._now() < self._good_until:
            return self._good
        async with self._lock:
            if self._good is None or self._now() >= self._good_until:
                await self._renew()
            if self._good is not None:
                return self._good
            failure = self._failure or ProviderUnavailable()
            raise failure.with_traceback(None)

    async def _renew(self) -> None:
        if self._failure is not None and self._now() < self._retry_at:
            return
        try:
            require_secure(self._issuer, "issuer")
            answer = await self._http.fetch(discovery_url(self._issuer))
            if 400 <= answer.status < 500 and answer.status not in (408, 429):
                slip = no_document(self._issuer, answer.status)
                raise BadProviderAnswer(
                    f"There are no metadata of a provider at {quoted(discovery_url(self._issuer))}: it answered "
                    f"{answer.status}. {slip.meaning}".strip(),
                    remedy=slip.remedy(set_issuer),
                )
            if answer.status != 200:
                raise ProviderUnavailable(f"The provider's metadata cannot be read: it answered {answer.status}.")
            self._good = read_metadata(answer.json_object(), issuer=self._issuer)
        except ProviderUnavailable as failure:
            self._failure = failure
            # Without any good copy people are waiting in front of a sign-in page: ask again sooner.
            self._retry_at = self._now() + (RETRY_AFTER if self._good is not None else 1.0)
            if self._good is not None:
                self._good_until = self._retry_at
        else:
            self._failure = None
            self._good_until = self._now() + MAX_AGE
