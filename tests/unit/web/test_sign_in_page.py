"""The sign-in page: what it says before anybody presses anything, with and without script."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.support.whole import Browser, Whole, whole_server

from headlamp.web.services import SERVICES

NOSCRIPT = re.compile(r"<noscript>(.*?)</noscript>", re.DOTALL)
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FROM_ELSEWHERE = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}
OUR_OWN = {**NAVIGATION, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page in the place of the built one, so that these tests need no build."""
    folder = tmp_path / "page"
    folder.mkdir()
    html = '<html><head><base href="/" /></head><body><div id="app"></div><noscript>Script!</noscript></body></html>'
    (folder / "index.html").write_text(html)
    monkeypatch.setattr("headlamp.app.bundled_directory", lambda: folder)
    return folder


async def bare(browser: Browser, path: str, **headers: str) -> tuple[str, str]:
    """What browsers without script get at `path`: in the head, and in the body."""
    answer = await browser.get(path, headers={**OUR_OWN, **headers})
    assert answer.status == 200
    head, body = NOSCRIPT.findall(await answer.text())
    return head, body


def links(markup: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]*)"', markup)]


pytestmark = pytest.mark.usefixtures("page_folder")


async def test_without_script_there_is_a_link_to_the_provider_that_comes_back_to_this_place(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_display_name="Keycloak & co") as whole, whole.browser() as browser:
        _, body = await bare(browser, "/c/main/pods?ns=a,b&q=x")
        assert "<h1>Sign in to main</h1>" in body
        assert "Sign in with Keycloak &amp; co" in body
        assert links(body) == ["/oidc?cluster=main&return_to=%2Fc%2Fmain%2Fpods%3Fns%3Da%2Cb%26q%3Dx"]
        start = await browser.get(links(body)[0])
        assert start.status == 302
        agreed = await browser.get(start.headers["Location"])
        back = await browser.get(agreed.headers["Location"])
        assert (back.status, back.headers["Location"]) == (303, "/c/main/pods?ns=a,b&q=x")


async def test_without_script_the_start_page_offers_each_provider(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        _, body = await bare(browser, "/")
        assert "<h1>Sign in</h1>" in body
        assert links(body) == ["/oidc?provider=default&return_to=%2F"]


async def test_without_script_everything_is_below_the_base_url(tmp_path: Path) -> None:
    async with whole_server(tmp_path, base_url="/ui") as whole, whole.browser() as browser:
        head, body = await bare(browser, "/ui/c/main/pods", **FROM_ELSEWHERE)
        assert links(body) == ["/ui/oidc?cluster=main&return_to=%2Fui%2Fc%2Fmain%2Fpods"]
        assert 'href="/ui/static/pages.css"' in head
        assert "url=/ui/c/main/pods?go-on" in head


async def test_a_cluster_that_there_is_not_is_not_named(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        _, body = await bare(browser, "/c/nowhere/pods")
        assert "nowhere" not in re.sub(r'href="[^"]*"', "", body)


async def test_whoever_is_signed_in_is_told_what_is_missing_without_script(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        await browser.sign_in()
        _, body = await bare(browser, "/c/main/pods")
        assert "You are signed in" in body
        assert links(body) == []


async def test_a_browser_without_script_that_comes_from_the_provider_is_sent_on_once(tmp_path: Path) -> None:
    """The session cookie, which is SameSite=Strict, comes along only with a navigation of our own."""
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        for path, onward in [("/c/main/pods?ns=a", "/c/main/pods?ns=a&go-on"), ("/", "/?go-on")]:
            head, _ = await bare(browser, path, **FROM_ELSEWHERE)
            assert f'content="0; url={onward}"' in unescape(head)
            for headers, again in [(FROM_ELSEWHERE, onward), (OUR_OWN, path)]:
                head, body = await bare(browser, again, **headers)
                assert "refresh" not in head
                assert "go-on" not in "".join(links(body))


@pytest.mark.parametrize("path", ["//evil.example", "/..//evil.example", "/%09/evil", '/c/main/"><script>x</script>'])
async def test_d1_the_place_to_come_back_to_is_ours(tmp_path: Path, path: str) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        answer = await browser.get(path, headers=FROM_ELSEWHERE)
        text = await answer.text()
        assert "evil" not in "".join(links(text)) + "".join(re.findall('url=([^"]*)', text))
        assert "<script>x" not in text


async def test_b6_a_cookie_that_opens_nothing_any_more_is_taken_back_and_the_page_says_so(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        await browser.sign_in()
        await _end_all_sessions(whole)
        answer = await browser.get("/c/main/pods", headers=OUR_OWN)
        text = await answer.text()
        assert '<meta name="earlier-session" content="ended">' in text
        assert "Your earlier sign-in has ended." in text
        assert not [name for name in browser.cookies() if re.fullmatch(r"headlamp-\d+", name)]
        assert "earlier" not in await (await browser.get("/c/main/pods", headers=OUR_OWN)).text()


async def test_a_live_cookie_is_left_alone(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        await browser.sign_in()
        answer = await browser.get("/c/main/pods", headers=OUR_OWN)
        assert "Set-Cookie" not in answer.headers
        assert "earlier-session" not in await answer.text()


async def test_the_page_says_whether_somebody_is_signed_in(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        assert 'name="signed-in"' not in await (await browser.get("/c/main/pods", headers=OUR_OWN)).text()
        await browser.sign_in()
        text = await (await browser.get("/c/main/pods", headers=OUR_OWN)).text()
        assert text.count('<meta name="signed-in" content="yes">') == 1


async def test_a_try_that_has_not_come_back_is_named_with_the_address_to_register(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    async with whole_server(tmp_path, now=lambda: now[0], oidc_display_name="Keycloak") as whole:
        callback = f"{whole.url}/oidc-callback"
        async with whole.browser() as browser:
            await browser.get("/oidc?cluster=main&return_to=/")
            _, body = await bare(browser, "/")
            assert "The last try has not come back from Keycloak." in body
            assert callback in body
            told = (await (await browser.get("/api/session")).json())["sign_in"]
            assert told["last_try"] == {"provider": "default", "at": now[0], "callback_url": callback}
            now[0] += 601
            assert (await (await browser.get("/api/session")).json())["sign_in"]["last_try"] is None


async def test_a_try_that_came_back_with_an_error_is_over(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        whole.idp.deviations.authorization_response = {"error": "access_denied"}
        failed = await browser.sign_in()
        assert failed.status == 403
        assert (await (await browser.get("/api/session")).json())["sign_in"]["last_try"] is None


async def test_whoever_is_signed_in_gets_no_facts_about_signing_in(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole, whole.browser() as browser:
        await browser.sign_in()
        assert (await (await browser.get("/api/session")).json())["sign_in"] is None


class TestAnAddressThatIsNotSecure:
    """The page says that a sign-in from there will fail, before the provider does."""

    HOST = "headlamp.example"

    async def told(self, tmp_path: Path, **settings: Any) -> tuple[dict[str, Any], str]:
        async with whole_server(tmp_path, allowed_hosts=(self.HOST,), **settings) as whole, whole.browser() as browser:
            host = {"Host": self.HOST}
            facts = (await (await browser.get("/api/session", headers=host)).json())["sign_in"]
            _, body = await bare(browser, "/", **host)
            return facts, body

    async def test_nobody_can_sign_in_over_http_on_another_host(self, tmp_path: Path) -> None:
        facts, body = await self.told(tmp_path)
        assert facts["possible"] is False
        assert facts["warning"]["code"] == "session.insecure_address"
        assert f"http://{self.HOST}/oidc-callback" in facts["warning"]["message"]
        assert "X-Forwarded-Proto" in facts["warning"]["remedy"]
        assert links(body) == []
        assert 'aria-disabled="true"' in body
        assert "-trusted-proxies" in body

    async def test_where_it_is_allowed_the_provider_will_probably_refuse(self, tmp_path: Path) -> None:
        facts, body = await self.told(tmp_path, insecure_cookie=True)
        assert facts["possible"] is True
        assert facts["warning"]["code"] == "oidc.callback_http"
        assert len(links(body)) == 1
        assert f"http://{self.HOST}/oidc-callback" in body

    async def test_a_callback_address_of_its_own_is_what_counts(self, tmp_path: Path) -> None:
        facts, _ = await self.told(
            tmp_path, insecure_cookie=True, oidc_callback_url=f"https://{self.HOST}/oidc-callback"
        )
        assert facts["warning"] is None

    async def test_this_machine_itself_needs_no_https(self, tmp_path: Path) -> None:
        async with whole_server(tmp_path) as whole, whole.browser() as browser:
            facts = (await (await browser.get("/api/session")).json())["sign_in"]
            assert (facts["possible"], facts["warning"]) == (True, None)


async def test_accounts_tell_people_apart_and_say_nothing_of_them(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as whole:
        accounts = []
        for person in ("alice", "bob", "alice"):
            async with whole.browser() as browser:
                await browser.sign_in(person)
                told = await (await browser.get("/api/session")).json()
                accounts.append(told["user"]["account"])
                assert told["providers"][0]["account"] == told["user"]["account"]
                assert told["providers"][0]["renewable"] is True
        assert accounts[0] == accounts[2] != accounts[1]
        assert not any(name in account for account in accounts for name in ("alice", "bob"))


async def test_d9_names_of_providers_are_text_on_the_sign_in_page(tmp_path: Path) -> None:
    attack = '"><img src=x onerror=alert(1)>'
    async with whole_server(tmp_path, oidc_display_name=attack) as whole, whole.browser() as browser:
        await browser.get("/oidc?cluster=main&return_to=/")
        _, body = await bare(browser, "/c/main/pods")
        assert attack not in body


async def _end_all_sessions(whole: Whole) -> None:
    sessions = whole.running.app[SERVICES].sessions
    idp: MisbehavingProvider = whole.idp
    assert await sessions.end_matching(idp.issuer, subject=idp.user) == 1
