"""The callback URL that a provider sends people back to, and that an administrator registers there."""

from __future__ import annotations

from headlamp.settings import Settings
from headlamp.web.origin import ExternalOrigin

PATH = "/oidc-callback"


def callback_url(settings: Settings, origin: ExternalOrigin) -> str:
    """`-oidc-callback-url`, else below `-public-url`, else below the address that the browser sees."""
    if settings.oidc_callback_url:
        return settings.oidc_callback_url
    if settings.public_url:
        return f"{settings.public_url}{PATH}"
    return f"{origin}{settings.base_url}{PATH}"


def expected_callback_url(settings: Settings, port: int) -> str:
    """What start-up prints: the URL to register, as far as it is known before anybody asked."""
    if settings.oidc_callback_url or settings.public_url:
        return callback_url(settings, ExternalOrigin("https", "", 443))
    scheme = "https" if settings.tls_cert_path else "http"
    if settings.loopback_only:
        return callback_url(settings, ExternalOrigin(scheme, "localhost", port))
    return f"https://YOUR-HOST{settings.base_url}{PATH}"
