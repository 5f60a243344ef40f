"""The cookie of a sign-out under way: small, sealed, of one browser, for ten minutes."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from headlamp.sessions.cookie import LogoutCookie
from headlamp.sessions.sealing import Sealer
from headlamp.web.gate import ORIGIN
from headlamp.web.origin import ExternalOrigin
from headlamp.web.sign_outs import SignOut, SignOuts

NOW = 1_764_000_000.0
SECRET = b"the server's secret, 32 bytes ok"


def sign_outs(secret: bytes = SECRET, base_url: str = "") -> SignOuts:
    return SignOuts(Sealer(secret), LogoutCookie(base_url))


def request(cookie: str = "") -> web.Request:
    made = make_mocked_request("GET", "/signed-out", headers={"Cookie": cookie} if cookie else {})
    made[ORIGIN] = ExternalOrigin("https", "ui.example.com", 443)
    return made


def kept(parts: SignOuts, sign_out: SignOut) -> str:
    """The cookie as the browser sends it back."""
    answer = web.Response()
    parts.keep(request(), answer, sign_out)
    return answer.headers["Set-Cookie"].partition(";")[0]


def make(parts: SignOuts, *, kept: tuple[str, ...] = ("Dex",)) -> SignOut:
    return SignOut(parts.new_state(), "SSO", kept, NOW)


def test_i1_what_was_kept_comes_back_for_its_state_alone() -> None:
    parts = sign_outs()
    sign_out = make(parts)
    cookie = kept(parts, sign_out)
    assert parts.of_state(request(cookie), sign_out.state, NOW) == sign_out
    assert parts.of_state(request(cookie), parts.new_state(), NOW) is None
    assert parts.of_state(request(cookie), "", NOW) is None
    assert parts.of_state(request(), sign_out.state, NOW) is None


def test_i1_after_ten_minutes_it_is_nothing() -> None:
    parts = sign_outs()
    sign_out = make(parts)
    assert parts.of_state(request(kept(parts, sign_out)), sign_out.state, NOW + 601) is None


def test_i1_a_cookie_that_was_made_or_changed_by_somebody_else_is_nothing() -> None:
    parts = sign_outs()
    sign_out = make(parts)
    cookie = kept(parts, sign_out)
    name, _, value = cookie.partition("=")
    other = kept(sign_outs(b"another secret, 32 bytes as well"), sign_out)
    for forged in (other, f"{name}=", f"{name}=x", f"{name}={value[:-4]}AAAA", f"{cookie}; {cookie}", f"{name}=é"):
        assert parts.of_state(request(forged), sign_out.state, NOW) is None


def test_i1_the_state_is_not_in_the_cookie_for_all_to_see() -> None:
    parts = sign_outs()
    sign_out = make(parts)
    assert sign_out.state not in kept(parts, sign_out)
    assert sign_out.state not in repr(sign_out)
    assert len(sign_out.state) == 22


def test_the_cookie_stays_small_whatever_providers_are_called() -> None:
    parts = sign_outs()
    sign_out = SignOut(parts.new_state(), "ü" * 5000, ("ü" * 5000,) * 50, NOW)
    assert len(kept(parts, sign_out)) < 1500
