"""A browser without a page: cookies, redirects one by one, forms, and the headers by which browsers say where they are.

What is sent is what Chromium sends: `Sec-Fetch-Site` by where the request comes from and goes to, `Origin` with
everything but a GET, and with a WebSocket.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from tests.real.clients.forms import password_form
from tests.real.stack.people import PASSWORD, Person
from tests.real.stack.pki import trusting
from yarl import URL

MOST_REDIRECTS = 10
TIMEOUT_S = 60.0
HTML = "text/html,application/xhtml+xml"


class _Loopback(AbstractResolver):
    """Every host name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True)
class Answer:
    """A whole answer. `url` is where it was found in the end, `via` the addresses before it."""

    status: int
    headers: Mapping[str, str]
    text: str
    url: URL
    via: tuple[URL, ...] = ()

    def json(self) -> Any:
        return json.loads(self.text)


class Browser:
    """One browser profile, as an async context manager. It trusts `ca_pem` alone."""

    def __init__(self, ca_pem: str) -> None:
        self._ca_pem = ca_pem

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusting(self._ca_pem), resolver=_Loopback(), limit=0),
            # Dex is at an IP address, whose cookies count too.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the browser holds, of whatever site."""
        return {cookie.key: cookie.value for cookie in self._http.cookie_jar}

    async def navigate(self, url: str, *, form: Mapping[str, str] | None = None, from_page: str = "") -> Answer:
        """Open an address as from the address bar, or by sending a form of the page `from_page`, and follow it."""
        at, came_from, via = URL(url), URL(from_page) if from_page else None, list[URL]()
        site = _site(came_from, at)
        while True:
            headers = {
                "Accept": HTML,
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
                "Sec-Fetch-Site": site,
            }
            if form is not None and came_from is not None:
                headers["Origin"] = str(came_from.origin())
            method = "GET" if form is None else "POST"
            async with self._http.request(method, at, data=form, headers=headers, allow_redirects=False) as answer:
                text = await answer.text()
                if not 300 <= answer.status < 400:
                    return Answer(answer.status, answer.headers, text, at, tuple(via))
                if len(via) == MOST_REDIRECTS:
                    raise AssertionError(f"too many redirects: {via}")
                via.append(at)
                following = at.join(URL(answer.headers["Location"], encoded=True))
            # A chain of redirects is as foreign as its most foreign part.
            site = max(site, _site(at, following), key=("none", "same-origin", "same-site", "cross-site").index)
            at, form = following, None

    async def sign_in(self, origin: str, person: Person, *, cluster: str = "lab", return_to: str = "/") -> Answer:
        """Sign in as a person does: from the product to the provider's form, and back. Where one ends up."""
        start = f"{origin}/oidc?{urlencode({'cluster': cluster, 'return_to': return_to}, quote_via=quote)}"
        landed = await self.prove(await self.navigate(start, from_page=f"{origin}/"), person)
        assert landed.status == 200, f"sign-in ended at {landed.url}: {landed.status} {landed.text[:500]}"
        assert landed.url.origin() == URL(origin).origin(), f"sign-in ended at {landed.url}"
        return landed

    async def prove(self, asked: Answer, person: Person, *, password: str = PASSWORD) -> Answer:
        """Fill in the provider's form, if that is what `asked` is, and send it. Where one ends up."""
        form = password_form(asked.text)
        if form is None:
            # The provider knows this browser already, or something went wrong on the way to it.
            return asked
        (name,) = [field for field in form.fields if field in ("login", "username")]
        filled = form.fields | {name: person.email} | dict.fromkeys(form.passwords, password)
        target = asked.url.join(URL(form.action, encoded=True)) if form.action else asked.url
        return await self.navigate(str(target), form=filled, from_page=str(asked.url))

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: Any = None,
        text: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        """What a script of the page asks; `body` is sent as JSON, `text` as it is."""
        headers = self._of_script(url, method) | {"Accept": accept}
        data = text if body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = content_type
        async with self._http.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.text(), URL(url))

    async def stream(self, url: str) -> aiohttp.ClientResponse:
        """The same for an answer that goes on; the caller closes it."""
        return await self._http.get(
            url, headers=self._of_script(url, "GET"), timeout=aiohttp.ClientTimeout(sock_connect=TIMEOUT_S)
        )

    async def websocket(self, url: str, protocols: Sequence[str] = ()) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket of the page; the caller closes it. `url` starts with http or https."""
        origin = URL(url).origin()
        return await self._http.ws_connect(
            URL(url, encoded=True),
            protocols=protocols,
            headers={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "websocket"},
            origin=str(origin),
            max_msg_size=0,
        )

    @staticmethod
    def _of_script(url: str, method: str) -> dict[str, str]:
        headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        return headers | ({} if method == "GET" else {"Origin": str(URL(url).origin())})


def _site(source: URL | None, target: URL) -> str:
    """`Sec-Fetch-Site` (Fetch Metadata Request Headers, section 2.3) for a request from one page to an address."""
    if source is None:
        return "none"
    if source.origin() == target.origin():
        return "same-origin"
    return "same-site" if (source.scheme, source.host) == (target.scheme, target.host) else "cross-site"
