"""What the adversarial sign-in tests share: a browser's part in a sign-in, and a clock that can be set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from tests.adversarial.provider import MisbehavingProvider

from headlamp.oidc import Provider, ProviderConfig, SignIn, Transaction

REDIRECT_URI = "http://localhost:4466/oidc-callback"


class Clock:
    """Seconds since the epoch, that pass when told to."""

    def __init__(self, seconds: float = 1_764_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def relying_party(idp: MisbehavingProvider, clock: Clock, **config: Any) -> Provider:
    """Our side, configured for `idp`."""
    known = {"id": "main", "issuer": idp.issuer, "client_id": idp.client_id, "client_secret": idp.client_secret}
    return Provider(ProviderConfig(**{**known, **config}), now=clock)


async def follow(url: str) -> dict[str, str]:
    """What a browser does with the authorization URL: the parameters with which it comes to the callback address."""
    async with (
        aiohttp.ClientSession(max_field_size=65_536) as browser,
        browser.get(url, allow_redirects=False) as response,
    ):
        assert response.status == 302, await response.text()
        location = response.headers["Location"]
    assert location.startswith(REDIRECT_URI + "?")
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


async def begin(provider: Provider, extra: Mapping[str, str] | None = None) -> tuple[Transaction, dict[str, str]]:
    """Start a sign-in and walk through the provider, to the moment before the callback is handled."""
    url, transaction = await provider.begin(redirect_uri=REDIRECT_URI, return_to="/c/main", cluster="main", extra=extra)
    return transaction, await follow(url)


async def sign_in(provider: Provider) -> SignIn:
    """A whole sign-in."""
    return await provider.finish(*await begin(provider))
