"""What the start of a sign-in may be asked for by its address."""

from __future__ import annotations

import pytest

from headlamp.web.origin import ExternalOrigin
from headlamp.web.sign_in_request import BadSignInParameter, own_path, wishes

ORIGIN = ExternalOrigin("https", "ui.example.com", 443)


def test_a_hint_and_a_prompt_are_passed_on() -> None:
    assert wishes({"login_hint": "alice@exämple.com", "prompt": "login"}) == {
        "login_hint": "alice@exämple.com",
        "prompt": "login",
    }
    assert wishes({"login_hint": "", "prompt": ""}) == {}
    assert wishes({"max_age": "0", "redirect_uri": "https://evil"}) == {}


@pytest.mark.parametrize("prompt", ["create", "login consent", "LOGIN", "none login", "x" * 5000])
def test_a_prompt_that_nobody_defined_is_refused(prompt: str) -> None:
    with pytest.raises(BadSignInParameter, match="prompt") as caught:
        wishes({"prompt": prompt})
    assert prompt not in caught.value.message


@pytest.mark.parametrize("hint", ["x" * 257, "ä" * 129, "\ud800", "a\r\nSet-Cookie: b", "a\0b", "a\u202eb"])
def test_h1_a_hint_that_is_too_long_or_no_plain_text_is_refused(hint: str) -> None:
    with pytest.raises(BadSignInParameter, match="login_hint"):
        wishes({"login_hint": hint})


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("https://ui.example.com/headlamp/c/main/pods?x=1", "/headlamp/c/main/pods?x=1"),
        ("HTTPS://UI.example.com/headlamp/c/main", "/headlamp/c/main"),
        ("/headlamp/c/main", "/headlamp/c/main"),
        ("", "/headlamp/"),
        ("https://ui.example.com", "/headlamp/"),
        ("https://ui.example.com/elsewhere", "/headlamp/"),
    ],
)
def test_a_target_is_a_place_of_our_own_page(target: str, path: str) -> None:
    assert own_path(target, ORIGIN, base_url="/headlamp") == path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/headlamp/",
        "https://ui.example.com.evil.example/headlamp/",
        "https://ui.example.com@evil.example/headlamp/",
        "https://ui.example.com:444/headlamp/x",
        "http://ui.example.com/headlamp/x",
        "https://ui.example.com//evil.example",
        "https://ui.example.com/\\evil.example",
        "https://ui.example.com/headlamp/../../evil",
        "https://ui.example.com/headlamp/oidc?cluster=x",
        "https://ui.example.com/headlamp/%2f%2fevil.example",
        "//ui.example.com/headlamp/x",
        "javascript:alert(1)",
        "https:ui.example.com/headlamp/x",
        "https://ui.example.com/headlamp/" + "x" * 2000,
    ],
)
def test_d1_to_d7_any_other_target_is_the_start_page(target: str) -> None:
    assert own_path(target, ORIGIN, base_url="/headlamp") == "/headlamp/"
