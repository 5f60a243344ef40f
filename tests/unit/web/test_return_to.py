"""D1 to D7: a sign-in ends on a page of ours, whatever the address asked for."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.web.return_to import safe_return_path

ELSEWHERE = [
    "",
    "//evil",
    "/\\evil",
    "\\/evil",
    "https:evil",
    "https://evil.example",
    "/%2f%2fevil",
    "/%252f%252fevil",
    "/%09/evil",
    "/\t/evil",
    "/%0d%0aSet-Cookie:x",
    "/\r\nSet-Cookie:x",
    "/..//evil",
    "/../evil",
    "/%2e%2e/evil",
    "/./evil",
    "///evil",
    "/app@evil",
    "/\u2024\u2024/evil",
    "/" + "a" * 10_240,
    "javascript:alert(1)",
    "/%5cevil",
    "/oidc?cluster=main",
    "/oidc-callback?code=x",
    "/auth?cluster=main",
    "/auth/login",
    "/api/session",
    "/clusters/main/api",
    "/%00",
    "/%ff%fe",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_d1_to_d7_anything_else_falls_back_to_the_start_page(wanted: str) -> None:
    assert safe_return_path(wanted, base_url="") == "/"
    assert safe_return_path(wanted, base_url="/ui") == "/ui/"


@pytest.mark.parametrize(
    "wanted",
    [
        "/",
        "/c/main/pods",
        "/c/main/pods?ns=a,b&q=status:Running&sort=-Age&sel=a/b",
        "/c/arn%3Aaws%3Aeks/pods",
        "/c/a%40b/pods?full",
    ],
)
def test_a_deep_link_of_the_page_is_kept(wanted: str) -> None:
    assert safe_return_path(wanted, base_url="") == wanted
    assert safe_return_path(f"/ui{wanted}", base_url="/ui") == f"/ui{wanted}"


def test_below_a_base_url_nothing_beside_it_is_a_place() -> None:
    assert safe_return_path("/c/main/pods", base_url="/ui") == "/ui/"
    assert safe_return_path("/ui-evil/c", base_url="/ui") == "/ui/"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80).map(lambda text: f"/{text}") | st.text(max_size=40))
def test_no_text_leads_to_another_origin(wanted: str) -> None:
    found = safe_return_path(wanted, base_url="")
    landed = urlsplit(urljoin("https://ours.example/oidc-callback", found))
    assert (landed.scheme, landed.netloc) == ("https", "ours.example")
    assert all(" " < letter < "\x7f" for letter in found)
