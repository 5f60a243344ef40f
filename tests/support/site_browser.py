"""A browser's rules between sites, for a server behind a TLS proxy: cookies by prefix and SameSite, Fetch Metadata.

Host names are looked up in a table of ports on this machine instead of DNS, and https ends before the server, as at an
ingress: the request arrives with `X-Forwarded-Proto: https`. A host's site are its last two labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import aiohttp
import yarl


@dataclass(frozen=True)
class Cookie:
    """One cookie of the jar. `domain` is a host, and `below` says whether hosts below it get the cookie too."""

    name: str
    value: str
    domain: str
    below: bool
    secure: bool
    http_only: bool
    same_site: str


@dataclass(frozen=True)
class Landed:
    """Where a request ended: the last answer, and each address on the way."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    way: tuple[str, ...] = field(default=())


class SiteBrowser:
    """`ports` says which host names lead to which ports; all others are taken as they are (the provider)."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.jar: list[Cookie] = []
        self._ports = ports
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), max_field_size=65_536)

    async def __aenter__(self) -> SiteBrowser:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def navigate(self, url: str, *, page: str = "", form: Mapping[str, str] | None = None) -> Landed:
        """Open `url` in the tab, by a link or a form on `page` ("" for the address bar), and follow redirects."""
        way: list[str] = []
        method = "GET" if form is None else "POST"
        foreign = False
        for _ in range(10):
            way.append(url)
            # One hop of another site on the way makes all later ones cross-site.
            foreign = foreign or bool(page and site(page) != site(url)) or (len(way) > 1 and site(url) != site(way[0]))
            headers = {"Sec-Fetch-Site": self._relation(page, url, foreign), "Sec-Fetch-Mode": "navigate"}
            headers |= {"Sec-Fetch-Dest": "document", "Accept": "text/html"}
            if method == "POST":
                headers["Origin"] = origin(page) if page else "null"
            cookies = self._cookies(url, strict=not foreign, lax=method == "GET")
            landed = await self._send(method, url, headers, cookies, form)
            if landed.status not in (301, 302, 303, 307, 308):
                return Landed(url, landed.status, landed.headers, landed.text, tuple(way))
            url = urljoin(url, landed.headers["Location"])
            method, form = ("GET", None) if landed.status in (301, 302, 303) else (method, form)
        raise AssertionError(f"more than ten redirects: {way}")

    async def fetch(
        self,
        url: str,
        *,
        page: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        mode: str = "cors",
        destination: str = "empty",
        metadata: bool = True,
        body: str | None = None,
    ) -> Landed:
        """What a script, an image (`mode` "no-cors") or a frame on `page` asks for, with all cookies that may go along.

        `metadata` False is a browser that has no Fetch Metadata.
        """
        sent: dict[str, str] = dict(headers or {})
        if metadata:
            relation = self._relation(page, url, foreign=site(page) != site(url))
            sent |= {"Sec-Fetch-Site": relation, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
        if method not in ("GET", "HEAD") or (mode == "cors" and origin(page) != origin(url)):
            sent["Origin"] = origin(page)
        cookies = self._cookies(url, strict=site(page) == site(url), lax=False)
        return await self._send(method, url, sent, cookies, body)

    def set_cookie(self, url: str, text: str) -> bool:
        """Take a `Set-Cookie` that came from `url`; False when a browser would refuse it."""
        cookie = _parsed(url, text)
        if cookie is None:
            return False
        self.jar = [c for c in self.jar if (c.name, c.domain, c.below) != (cookie.name, cookie.domain, cookie.below)]
        if cookie.value:
            self.jar.append(cookie)
        return True

    def held(self, url: str) -> list[str]:
        """The names of the cookies that a request of `url`'s own page would carry."""
        return [cookie.name for cookie in self.jar if _matches(cookie, url)]

    def _cookies(self, url: str, *, strict: bool, lax: bool) -> str:
        sent = [c for c in self.jar if _matches(c, url) and (strict or c.same_site == "None" or (lax and _is_lax(c)))]
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)

    def _relation(self, page: str, url: str, foreign: bool) -> str:
        if not page and not foreign:
            return "none"
        if foreign:
            return "cross-site"
        return "same-origin" if origin(page) == origin(url) else "same-site"

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], cookies: str, body: Mapping[str, str] | str | None
    ) -> Landed:
        parts = urlsplit(url)
        host = parts.hostname or ""
        sent = dict(headers) | ({"Cookie": cookies} if cookies else {})
        target = url
        if host in self._ports:
            sent |= {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
            query = f"?{parts.query}" if parts.query else ""
            target = f"http://127.0.0.1:{self._ports[host]}{parts.path or '/'}{query}"
        address = yarl.URL(target, encoded=True)
        async with self._http.request(method, address, headers=sent, data=body, allow_redirects=False) as answer:
            for text in answer.headers.getall("Set-Cookie", []):
                self.set_cookie(url, text)
            return Landed(url, answer.status, dict(answer.headers), await answer.text())


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def site(url: str) -> str:
    """Scheme and registrable domain, as far as the names in these tests go."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{'.'.join(host.split('.')[-2:])}"


def _is_lax(cookie: Cookie) -> bool:
    # No attribute counts as Lax.
    return cookie.same_site in ("Lax", "")


def _matches(cookie: Cookie, url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    same = host == cookie.domain or (cookie.below and host.endswith(f".{cookie.domain}"))
    return same and (not cookie.secure or parts.scheme == "https" or host == "localhost")


def _parsed(url: str, text: str) -> Cookie | None:
    """RFC 6265bis, section 5.7: what is refused is as if it had not been sent."""
    pair, *rest = (part.strip() for part in text.split(";"))
    name, _, value = pair.partition("=")
    attributes = {key.strip().lower(): found.strip() for key, _, found in (part.partition("=") for part in rest)}
    host, scheme = urlsplit(url).hostname or "", urlsplit(url).scheme
    domain = attributes.get("domain", "").lstrip(".").lower()
    if domain and host != domain and not host.endswith(f".{domain}"):
        return None
    secure = "secure" in attributes
    if secure and scheme != "https" and host != "localhost":
        return None
    if name.startswith("__Host-") and (not secure or domain or attributes.get("path") != "/"):
        return None
    if attributes.get("max-age") == "0":
        value = ""
    return Cookie(
        name=name,
        value=value,
        domain=domain or host,
        below=bool(domain),
        secure=secure,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", ""),
    )
