from __future__ import annotations

import pytest

from headlamp.sessions.cookie import LoginCookies, LogoutCookie, SessionCookie, Ticket, is_loopback

TICKET = Ticket(b"i" * 16, b"k" * 32)


def test_a_ticket_survives_its_cookie() -> None:
    assert Ticket.decode(TICKET.encode()) == TICKET


@pytest.mark.parametrize(
    "value", ["", "x", "A" * 63, "A" * 65, "A" * 63 + "é", "A" * 63 + " ", "=" * 64, "A" * 63 + "="]
)
def test_what_is_no_ticket_is_none(value: str) -> None:
    assert Ticket.decode(value) is None


def test_b7_neither_id_nor_key_shows_in_the_representation() -> None:
    assert "iiii" not in repr(TICKET)
    assert "kkkk" not in repr(TICKET)


@pytest.mark.parametrize(
    "base_url", ["", "/k8s", "/ui/kubernetes/of-the-department/with/a/long/path", "/sixteen_letters_"]
)
@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_with_its_name_has_at_most_100_bytes(base_url: str, *, secure: bool) -> None:
    cookie = SessionCookie(base_url)
    assert len(f"{cookie.name(secure=secure, port=65535)}={TICKET.encode()}") <= 100


def test_b5_under_https_the_cookie_is_host_only_secure_and_strict() -> None:
    issued = SessionCookie().issue("v", secure=True, port=443, max_age=60)
    assert issued == "__Host-headlamp=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"


def test_b5_under_plain_http_the_cookie_has_another_name_with_the_port() -> None:
    issued = SessionCookie("/k8s").issue("v", secure=False, port=4466, max_age=60)
    assert issued == "headlamp-4466-k8s=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"


def test_b5_no_cookie_names_a_domain() -> None:
    cookies = [
        SessionCookie().issue("v", secure=True, port=1, max_age=1),
        LoginCookies().issue(1, "v", secure=True, port=1),
        LogoutCookie().issue("v", secure=True, port=1),
    ]
    assert not any("domain" in cookie.lower() for cookie in cookies)


@pytest.mark.parametrize(
    ("secure", "host", "insecure", "allowed"),
    [
        (True, "app.example.org", False, True),
        (False, "app.example.org", False, False),
        (False, "10.0.0.1", False, False),
        (False, "app.example.org", True, True),
        (False, "localhost", False, True),
        (False, "[::1]", False, True),
        (False, "127.0.0.1", False, True),
    ],
)
def test_b5_over_plain_http_there_is_no_session_except_on_the_machine_itself(
    *, secure: bool, host: str, insecure: bool, allowed: bool
) -> None:
    assert SessionCookie(insecure=insecure).allowed(secure=secure, host=host) is allowed


def test_taking_the_cookie_away_uses_the_same_attributes() -> None:
    cleared = SessionCookie().clear(secure=True, port=443)
    assert cleared == "__Host-headlamp=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"


def test_instances_under_different_base_urls_have_different_cookies() -> None:
    names = {SessionCookie(base).name(secure=True, port=443) for base in ("", "/a", "/b", "/a/b", "/a-b", "/login-1")}
    assert len(names) == 6


def test_the_session_cookie_never_has_the_name_of_a_sign_in() -> None:
    logins = {LoginCookies(b).name(n, secure=True, port=1) for n in range(1, 6) for b in ("", "/a")}
    sessions = {
        SessionCookie(base).name(secure=True, port=1) for base in ("", "/a", "/login-1", "/login-1-a", "/login")
    }
    assert not logins & sessions


def test_the_cookie_is_found_among_others() -> None:
    headers = ["a=b; __Host-headlamp=value; c", "d=e"]
    assert SessionCookie().find(headers, secure=True, port=443) == "value"


@pytest.mark.parametrize(
    "headers",
    [
        ["__Host-headlamp=one; __Host-headlamp=two"],
        ["__Host-headlamp=one", "__Host-headlamp=two"],
        ["__Host-headlamp=one; x=y; __Host-headlamp=one"],
    ],
)
def test_b4_several_cookies_of_the_name_are_ignored(headers: list[str]) -> None:
    assert SessionCookie().find(headers, secure=True, port=443) is None


@pytest.mark.parametrize(
    "name", ["headlamp", "headlamp-443", "__host-headlamp", "__Host-headlampx", "__Secure-headlamp"]
)
def test_b4_a_cookie_without_the_prefix_is_ignored_under_https(name: str) -> None:
    assert SessionCookie().find([f"{name}=value"], secure=True, port=443) is None


def test_sign_in_cookies_are_lax_and_live_for_ten_minutes() -> None:
    issued = LoginCookies().issue(2, "v", secure=True, port=443)
    assert issued == "__Host-headlamp-login-2=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"


def test_a13_sign_ins_under_way_are_found_by_slot() -> None:
    headers = ["__Host-headlamp-login-1=a; __Host-headlamp-login-4=b; __Host-headlamp-login-6=c"]
    assert LoginCookies().find(headers, secure=True, port=443) == {1: "a", 4: "b"}


def test_b4_a_sign_in_cookie_that_comes_twice_is_ignored() -> None:
    headers = ["__Host-headlamp-login-1=a; __Host-headlamp-login-1=b; __Host-headlamp-login-2=c"]
    assert LoginCookies().find(headers, secure=True, port=443) == {2: "c"}


def test_a13_a_new_sign_in_takes_a_free_slot_and_else_that_of_the_oldest() -> None:
    cookies = LoginCookies()
    assert cookies.choose({1: 5.0, 2: 4.0, 4: 3.0, 5: 2.0}) == 3
    assert cookies.choose({1: 5.0, 2: 4.0, 3: 1.0, 4: 3.0, 5: 2.0}) == 3


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("demo.localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("notlocalhost", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_hosts_are_told_from_others(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_b5_the_cookie_of_a_sign_out_comes_back_from_another_site_and_lives_for_ten_minutes() -> None:
    issued = LogoutCookie("/k8s").issue("v", secure=True, port=443)
    assert issued == "__Host-headlamp-logout-k8s=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    assert LogoutCookie().clear(secure=False, port=4466).startswith("headlamp-4466-logout=; Path=/; Max-Age=0;")


def test_b4_of_two_sign_outs_one_is_somebody_elses() -> None:
    cookie = LogoutCookie()
    assert cookie.find(["__Host-headlamp-logout=a; x=y"], secure=True, port=443) == "a"
    assert cookie.find(["__Host-headlamp-logout=a", "__Host-headlamp-logout=b"], secure=True, port=443) is None
    assert cookie.find(["headlamp-443-logout=a"], secure=True, port=443) is None


@pytest.mark.parametrize("base_url", ["", "/k8s", "/logout", "/logout-k8s", "/login-1", "/login-1-k8s", "/login"])
@pytest.mark.parametrize("other", ["", "/k8s", "/logout", "/logout-k8s", "/login-1", "/login-1-k8s", "/login"])
def test_no_base_url_makes_one_kind_of_cookie_look_like_another(base_url: str, other: str) -> None:
    session = SessionCookie(base_url).name(secure=True, port=443)
    assert session != LogoutCookie(other).name(secure=True, port=443)
    assert session not in {LoginCookies(other).name(slot, secure=True, port=443) for slot in range(1, 6)}
