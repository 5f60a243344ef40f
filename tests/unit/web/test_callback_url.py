"""S4 and I1: the URLs that have to be registered at a provider."""

from __future__ import annotations

from typing import Any

import pytest

from headlamp.settings import Settings
from headlamp.web.callback_url import callback_url, expected_callback_url, expected_logout_urls, signed_out_url
from headlamp.web.origin import ExternalOrigin

SEEN = ExternalOrigin("https", "seen.example.com", 8443)
PUBLIC = "https://ui.example.com/k8s"


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({}, "https://seen.example.com:8443"),
        ({"base_url": "/k8s"}, "https://seen.example.com:8443/k8s"),
        ({"public_url": PUBLIC, "base_url": "/k8s"}, PUBLIC),
        ({"oidc_callback_url": "https://sso.example.com/x/oidc-callback"}, "https://sso.example.com/x"),
        (
            {"oidc_callback_url": "https://sso.example.com/oidc-callback", "public_url": PUBLIC},
            "https://sso.example.com",
        ),
    ],
)
def test_i1_the_post_logout_redirect_uri_is_beside_the_callback_url(settings: dict[str, Any], folder: str) -> None:
    assert callback_url(Settings(**settings), SEEN) == f"{folder}/oidc-callback"
    assert signed_out_url(Settings(**settings), SEEN) == f"{folder}/signed-out"


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"base_url": "/k8s"}, "https://seen.example.com:8443/k8s"),
        ({"public_url": PUBLIC, "base_url": "/k8s"}, PUBLIC),
    ],
)
def test_i1_a_callback_url_of_another_shape_says_nothing_about_the_others(
    settings: dict[str, Any], folder: str
) -> None:
    rewritten = Settings(oidc_callback_url="https://sso.example.com/login/done", **settings)
    assert signed_out_url(rewritten, SEEN) == f"{folder}/signed-out"


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"listen_addr": "127.0.0.1"}, "http://localhost:4466"),
        ({"base_url": "/k8s"}, "https://YOUR-HOST/k8s"),
        ({"public_url": PUBLIC, "base_url": "/k8s"}, PUBLIC),
        ({"oidc_callback_url": "https://sso.example.com/x/oidc-callback"}, "https://sso.example.com/x"),
    ],
)
def test_start_up_tells_all_three_urls(settings: dict[str, Any], folder: str) -> None:
    assert expected_callback_url(Settings(**settings), 4466) == f"{folder}/oidc-callback"
    assert expected_logout_urls(Settings(**settings), 4466) == (
        f"{folder}/signed-out",
        f"{folder}/oidc-backchannel-logout",
    )
