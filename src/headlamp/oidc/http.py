"""Calls to an identity provider: bounded in time and size, without redirects, proxies, cookies or compression."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec

from headlamp.oidc.errors import BadProviderAnswer, InsecureAddress, ProviderUnavailable, UntrustedCertificate, quoted

TIMEOUT = 10.0
MAX_BYTES = 1024 * 1024
_USER_AGENT = "pyheadlamp"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. `content_type` is without parameters, `retry_after` in seconds."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    retry_after: float | None = None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `BadProviderAnswer` if it is something else."""
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadProviderAnswer(f"The provider answered {self.status} with something that is not a JSON object.")
        return value


class Http(Protocol):
    """What the rest of this room needs of an HTTP client."""

    async def fetch(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - covers the body too, and is told to the person as a fact
    ) -> Answer:
        """GET `url`, or POST `form` to it, and return the whole answer, whatever its status below 300 or from 400.

        Raises `ProviderUnavailable` or one of its kinds.
        """
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


def is_loopback_host(host: str) -> bool:
    """Whether `host` can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def require_secure(url: str, what: str, *, allow_http: bool = True) -> None:
    """Raise `InsecureAddress` unless `url` is plainly https or, if `allow_http`, http on a loopback host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InsecureAddress(f"The {what} is not a URL: {quoted(url)}.") from None
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise InsecureAddress(f"The {what} is not a plain address: {quoted(url)}.")
    if parts.scheme == "https" or (allow_http and parts.scheme == "http" and is_loopback_host(host)):
        return
    raise InsecureAddress(f"The {what} is not https: {quoted(url)}.")


def trust(ca_pem: str | None, *, skip_verify: bool = False) -> ssl.SSLContext:
    """Whom a provider's certificate may be signed by: the system's authorities, and those of `ca_pem`.

    Raises `UntrustedCertificate` when `ca_pem` holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_pem is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        # The places that OpenSSL was built with, and not load_default_certs(): that also loads what SSL_CERT_FILE in
        # the environment names, and somebody who names an authority here does not expect to trust that one too.
        places = ssl.get_default_verify_paths()
        cafile, capath = Path(places.openssl_cafile), Path(places.openssl_capath)
        if cafile.is_file():
            context.load_verify_locations(cafile=cafile)
        if capath.is_dir():
            context.load_verify_locations(capath=capath)
        try:
            context.load_verify_locations(cadata=ca_pem)
        except (ssl.SSLError, ValueError):
            raise UntrustedCertificate(
                "The file of the provider's certificate authority holds no certificate."
            ) from None
    return context


class HttpClient:
    """The `Http` that is used outside of tests.

    A POST has a connection of its own: on a kept one that the provider has just closed, a code or refresh token would
    be lost, as it must never be sent twice. A GET may be repeated, and so takes a kept one if there is any.
    """

    def __init__(self, *, ca_pem: str | None = None, skip_tls_verify: bool = False) -> None:
        self._ca_pem = ca_pem
        self._skip_tls_verify = skip_tls_verify
        self._trust: ssl.SSLContext | None = None
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def fetch(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        timeout: float = TIMEOUT,  # noqa: ASYNC109
    ) -> Answer:
        """See `Http.fetch`."""
        require_secure(url, "provider's address")
        method, body = "GET", None
        if form is not None:
            method, body = "POST", urlencode(form).encode()
            headers = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with (
                asyncio.timeout(timeout),
                self._client(method).request(
                    method, url, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                self._check(response, url, max_bytes)
                read = await _read(response, url, max_bytes)
                return Answer(response.status, response.content_type, read, _retry_after(response))
        except TimeoutError:
            raise ProviderUnavailable(f"{_place(url)} did not answer within {timeout:g} seconds.") from None
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or "it is not valid"
            raise UntrustedCertificate(f"The certificate of {_place(url)} was refused: {quoted(reason)}.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ProviderUnavailable(f"{_place(url)} could not be reached ({_kind(error)}).") from None

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def _client(self, method: str) -> aiohttp.ClientSession:
        session = self._sessions.get(method)
        if session is None:
            if self._trust is None:
                self._trust = trust(self._ca_pem, skip_verify=self._skip_tls_verify)
            connector = aiohttp.TCPConnector(ssl=self._trust, limit=32, force_close=method == "POST")
            session = self._sessions[method] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers={"User-Agent": _USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
            )
        return session

    @staticmethod
    def _check(response: aiohttp.ClientResponse, url: str, max_bytes: int) -> None:
        if 300 <= response.status < 400:
            raise BadProviderAnswer(f"{_place(url)} redirects elsewhere ({response.status}), which is not followed.")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BadProviderAnswer(f"{_place(url)} sent a compressed answer that was not asked for.")
        if response.content_length is not None and response.content_length > max_bytes:
            raise BadProviderAnswer(f"The answer of {_place(url)} is larger than {max_bytes} bytes.")


async def _read(response: aiohttp.ClientResponse, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise BadProviderAnswer(f"The answer of {_place(url)} is larger than {max_bytes} bytes.")
    return bytes(body)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(min(int(value), 3600)) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _kind(error: Exception) -> str:
    """What kind of failure it was: an error's own text can hold what was sent."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known here"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "no TLS connection comes about"
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    if number is not None and number in errno.errorcode:
        return os.strerror(number).lower()
    return type(error).__name__


def _place(url: str) -> str:
    """Where a call went, without what was said."""
    parts = urlsplit(url)
    return quoted(f"{parts.scheme}://{parts.netloc}{parts.path}")
