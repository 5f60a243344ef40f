"""The URLs that a provider sends people back to, and that an administrator registers there."""

from __future__ import annotations

from headlamp.settings import Settings
from headlamp.web.origin import ExternalOrigin

PATH = "/oidc-callback"
SIGNED_OUT_PATH = "/signed-out"
BACKCHANNEL_PATH = "/oidc-backchannel-logout"


def callback_url(settings: Settings, origin: ExternalOrigin) -> str:
    """`-oidc-callback-url`, else below `-public-url`, else below the address that the browser sees."""
    if settings.oidc_callback_url:
        return settings.oidc_callback_url
    if settings.public_url:
        return f"{settings.public_url}{PATH}"
    return f"{origin}{settings.base_url}{PATH}"


def signed_out_url(settings: Settings, origin: ExternalOrigin) -> str:
    """The post-logout redirect URI: beside the callback URL, wherever that is."""
    otherwise = settings.public_url or f"{origin}{settings.base_url}"
    return f"{_folder(callback_url(settings, origin), otherwise)}{SIGNED_OUT_PATH}"


def expected_callback_url(settings: Settings, port: int) -> str:
    """What start-up prints: the URL to register, as far as it is known before anybody asked."""
    if settings.oidc_callback_url or settings.public_url:
        return callback_url(settings, ExternalOrigin("https", "", 443))
    scheme = "https" if settings.tls_cert_path else "http"
    if settings.loopback_only:
        return callback_url(settings, ExternalOrigin(scheme, "localhost", port))
    return f"https://YOUR-HOST{settings.base_url}{PATH}"


def expected_logout_urls(settings: Settings, port: int) -> tuple[str, str]:
    """What start-up prints for the provider's sign-out: post-logout redirect URI and back-channel logout URI."""
    folder = _folder(
        expected_callback_url(settings, port), settings.public_url or f"https://YOUR-HOST{settings.base_url}"
    )
    return f"{folder}{SIGNED_OUT_PATH}", f"{folder}{BACKCHANNEL_PATH}"


def _folder(callback: str, otherwise: str) -> str:
    # A callback URL of another shape is rewritten by something in between, which knows nothing of the others.
    return callback.removesuffix(PATH) if callback.endswith(PATH) else otherwise
