"""What has to be registered at the providers: the exact URLs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from headlamp.doctor.evidence import Case
from headlamp.doctor.findings import Finding, Point
from headlamp.settings.addresses import is_loopback

CALLBACK = Point(
    "registration.callback",
    "Callback URL",
    "The provider sends people back to it, and refuses to when it is not registered there to the letter.",
)
LOGOUT = Point(
    "registration.logout",
    "Sign-out URLs",
    "With the first one registered, people come back after signing out; the second lets the provider end sessions.",
)


async def check(case: Case) -> AsyncIterator[Finding]:
    """The URLs to register, as far as they are known without a request."""
    if not case.providers:
        yield CALLBACK.skipped("There is no identity provider, so there is nothing to register.")
        return
    url = case.examined.callback_url
    if not url:
        yield CALLBACK.warning(
            "It is made from the address that each person's browser has, so it can't be told here, and differs where "
            "people use several.",
            "Set -public-url=https://HOST to the address that people open; then it is that and /oidc-callback.",
        )
        return
    parts = urlsplit(url)
    loopback = is_loopback(parts.hostname or "")
    if parts.scheme == "http" and not loopback:
        yield CALLBACK.failed(
            f"{url} is plain http: authorization codes would travel readably, and most providers refuse it.",
            "Serve https (-tls-cert-path and -tls-key-path, or an ingress), and set -public-url=https://"
            f"{parts.netloc} or -oidc-callback-url=https://{parts.netloc}{parts.path}.",
        )
    elif not parts.path.endswith("/oidc-callback"):
        yield CALLBACK.failed(
            f"{url} does not end with /oidc-callback, where this server expects people.",
            f"Set -oidc-callback-url={parts.scheme}://{parts.netloc}{case.settings.base_url}/oidc-callback.",
        )
    else:
        yield CALLBACK.ok(f"Register exactly {url}")
    if len(case.examined.logout_urls) == 2:
        after, backchannel = case.examined.logout_urls
        yield LOGOUT.ok(f"Post-logout redirect URI {after} and back-channel logout URL {backchannel}")
