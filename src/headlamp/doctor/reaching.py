"""The way to a server, step by step: its name, a connection, TLS. Facts only; what they mean is said elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from headlamp.doctor.certificates import Certificate, Distrust, read_certificate, why_distrusted
from headlamp.doctor.tools import Tools

# A name with dozens of addresses is a load balancer's; some of them tell enough.
MOST_ADDRESSES = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is. `server_name` is what its certificate must carry, when that is not the host."""

    host: str
    port: int
    tls: bool
    server_name: str = ""

    @classmethod
    def of(cls, url: str, *, server_name: str | None = None) -> Place:
        """The place of an http(s) URL. Raises `ValueError`."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http or https URL")
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, server_name or "")

    @property
    def expected_name(self) -> str:
        """The name that the certificate is checked for."""
        return self.server_name or self.host

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed; `reason` is short, in lower case, and names no secret."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """Which addresses took a connection, and why the others did not."""

    answering: tuple[str, ...]
    silent: dict[str, str]


@dataclass(frozen=True, slots=True)
class Handshake:
    """How TLS went. `distrust` is None when the certificate is trusted for the name; `words` are OpenSSL's own."""

    certificate: Certificate | None
    distrust: Distrust | None = None
    words: str = ""


async def look_up(place: Place, tools: Tools) -> list[str] | Failure:
    """The addresses of the place's host."""
    try:
        async with asyncio.timeout(tools.step_s):
            addresses = await tools.resolve(place.host, place.port)
    except TimeoutError:
        return Failure(f"the look-up did not end within {tools.step_s:g} seconds")
    except socket.gaierror as error:
        return Failure((error.strerror or "the name is not known").lower())
    except (OSError, UnicodeError):
        return Failure("the name can't be looked up")
    return addresses or Failure("the name has no address")


async def connect(place: Place, addresses: Sequence[str], tools: Tools) -> Connected:
    """Connect to each address once, all at the same time, and hang up."""
    tried = addresses[:MOST_ADDRESSES]
    outcomes = await asyncio.gather(*(_connect(address, place.port, tools) for address in tried))
    by_address = dict(zip(tried, outcomes, strict=True))
    return Connected(
        answering=tuple(address for address, reason in by_address.items() if reason is None),
        silent={address: reason for address, reason in by_address.items() if reason is not None},
    )


async def shake_hands(place: Place, address: str, context: ssl.SSLContext, tools: Tools) -> Handshake | Failure:
    """Do the TLS handshake as `context` has it; after a refusal once more without checks, to see the certificate."""
    try:
        return Handshake(await _certificate(place, address, context, tools))
    except ssl.SSLCertVerificationError as error:
        seen: Certificate | None = None
        with contextlib.suppress(OSError, TimeoutError):
            seen = await _certificate(place, address, _unchecked(), tools)
        return Handshake(seen, why_distrusted(error), error.verify_message or "")
    except TimeoutError:
        return Failure(f"the TLS handshake did not end within {tools.step_s:g} seconds")
    except ssl.SSLError as error:
        return Failure(_tls_reason(error))
    except OSError as error:
        return Failure(f"the connection broke during the TLS handshake ({_reason(error)})")


async def _connect(address: str, port: int, tools: Tools) -> str | None:
    try:
        async with asyncio.timeout(tools.step_s):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return f"no answer within {tools.step_s:g} seconds"
    except OSError as error:
        return _reason(error)
    await _hang_up(writer)
    return None


async def _certificate(place: Place, address: str, context: ssl.SSLContext, tools: Tools) -> Certificate | None:
    async with asyncio.timeout(tools.step_s):
        _, writer = await asyncio.open_connection(
            address, place.port, ssl=context, server_hostname=place.expected_name, ssl_handshake_timeout=tools.step_s
        )
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(True)
    finally:
        await _hang_up(writer)
    return read_certificate(der) if der else None


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    # Abruptly: a polite end of TLS would have to wait for the other side's.
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _tls_reason(error: ssl.SSLError) -> str:
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "what answers there does not speak TLS"
    return f"the TLS handshake failed ({(error.reason or 'unknown reason').replace('_', ' ').lower()})"


def _reason(error: OSError) -> str:
    # By number: the text of asyncio's own error repeats the address.
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__
