"""Calls to a provider: bounds, addresses and trust, against real sockets."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.adversarial.provider import Deviations, MisbehavingProvider

from headlamp.oidc.errors import BadProviderAnswer, InsecureAddress, ProviderUnavailable, UntrustedCertificate
from headlamp.oidc.http import HttpClient, is_loopback_host, require_secure, trust


@dataclass(frozen=True)
class Issued:
    certificate: str
    key: str


@cache
def issue(name: str, *, days: int = 1, by: str = "authority") -> Issued:
    """A certificate for `name`, expired if `days` is negative; without a name that of the authority `by` itself."""
    now = datetime.datetime.now(datetime.UTC)
    authority = _authority_key(by)
    key = ec.generate_private_key(ec.SECP256R1()) if name else authority
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name or by))
        .issuer_name(_name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not name, path_length=None), critical=True)
    )
    if name:
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(authority, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Issued(certificate.public_bytes(Encoding.PEM).decode(), pem.decode())


@cache
def _authority_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


async def tls_provider(issued: Issued, folder: Path) -> MisbehavingProvider:
    (folder / "tls.pem").write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    provider = MisbehavingProvider(tls=context)
    await provider.start()
    return provider


@pytest.fixture
async def idp() -> AsyncIterator[MisbehavingProvider]:
    provider = MisbehavingProvider()
    await provider.start()
    yield provider
    await provider.stop()


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


async def test_an_answer_is_returned_whatever_its_status(idp: MisbehavingProvider, http: HttpClient) -> None:
    idp.deviations = Deviations(status={"jwks": (418, {"a": 1})})
    answer = await http.fetch(f"{idp.issuer}/jwks")
    assert (answer.status, answer.content_type, answer.json_object()) == (418, "application/json", {"a": 1})


async def test_a_slow_drip_ends_at_the_time_limit(idp: MisbehavingProvider, http: HttpClient) -> None:
    idp.deviations = Deviations(drip={"jwks": 0.01})
    with pytest.raises(ProviderUnavailable, match=r"within 0\.1 seconds"):
        await http.fetch(f"{idp.issuer}/jwks", timeout=0.1)


async def test_an_endless_answer_ends_at_the_size_limit(idp: MisbehavingProvider, http: HttpClient) -> None:
    idp.deviations = Deviations(drip={"jwks": 0.0})
    with pytest.raises(BadProviderAnswer, match="larger than 100 bytes"):
        await http.fetch(f"{idp.issuer}/jwks", max_bytes=100)


async def test_an_announced_length_above_the_limit_is_not_read(idp: MisbehavingProvider, http: HttpClient) -> None:
    idp.deviations = Deviations(body={"jwks": b" " * 101})
    with pytest.raises(BadProviderAnswer):
        await http.fetch(f"{idp.issuer}/jwks", max_bytes=100)
    assert len((await http.fetch(f"{idp.issuer}/jwks", max_bytes=101)).body) == 101


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(http: HttpClient, status: int) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    url, runner = await _serve(handle)
    with pytest.raises(BadProviderAnswer):
        await http.fetch(f"{url}/start", form={"refresh_token": "secret"})
    assert asked == ["/start"]
    await runner.cleanup()


async def test_a_compressed_answer_is_not_unpacked(http: HttpClient) -> None:
    async def handle(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    url, runner = await _serve(handle)
    with pytest.raises(BadProviderAnswer, match="compressed"):
        await http.fetch(url)
    await runner.cleanup()


async def test_cookies_and_proxies_are_not_used(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    cookies: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(text="{}", headers={"Set-Cookie": "a=b", "Retry-After": "7"})

    url, runner = await _serve(handle)
    assert (await http.fetch(url)).retry_after == 7.0
    await http.fetch(url)
    assert cookies == [None, None]
    await runner.cleanup()


async def test_nobody_there_is_an_error_that_may_pass_and_tells_no_secret(
    idp: MisbehavingProvider, http: HttpClient
) -> None:
    await idp.stop()
    with pytest.raises(ProviderUnavailable) as raised:
        await http.fetch(f"{idp.issuer}/token?code=canary", form={"code": "canary"})
    assert "canary" not in raised.value.message
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("url", ["http://idp.example.com/", "ftp://localhost/", "https://u:p@localhost/", "https:///x"])
async def test_an_insecure_address_is_not_called(http: HttpClient, url: str) -> None:
    with pytest.raises(InsecureAddress):
        await http.fetch(url)


@pytest.mark.parametrize("host", ["localhost", "idp.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_these_hosts_can_only_be_this_machine(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize("host", ["", "localhost.example.com", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", "::"])
def test_these_hosts_can_be_another_machine(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize("url", ["https://idp.example.com:99999/", "https://[::1/", "https://idp.example.com/#x"])
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(InsecureAddress):
        require_secure(url, "issuer")


# A9: whom we believe


async def test_a9_a_provider_with_a_certificate_of_the_named_authority_is_trusted(tmp_path: Path) -> None:
    provider = await tls_provider(issue("localhost"), tmp_path)
    client = HttpClient(ca_pem=issue("").certificate)
    assert (await client.fetch(f"{provider.issuer}/jwks")).status == 200
    await client.close()
    await provider.stop()


@pytest.mark.parametrize(
    ("issued", "ca"),
    [
        (issue("localhost"), None),
        (issue("localhost", by="somebody else"), issue("").certificate),
        (issue("localhost", days=-1), issue("").certificate),
        (issue("other.example.com"), issue("").certificate),
    ],
    ids=["unknown authority", "another authority", "expired", "wrong host"],
)
async def test_a9_any_other_certificate_is_refused(tmp_path: Path, issued: Issued, ca: str | None) -> None:
    provider = await tls_provider(issued, tmp_path)
    client = HttpClient(ca_pem=ca)
    with pytest.raises(UntrustedCertificate):
        await client.fetch(f"{provider.issuer}/jwks")
    await client.close()
    await provider.stop()
    assert provider.seen == []


async def test_a9_the_environment_does_not_widen_the_trust_in_a_named_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env.pem").write_text(issue("", by="somebody else").certificate)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "env.pem"))
    provider = await tls_provider(issue("localhost", by="somebody else"), tmp_path)
    client = HttpClient(ca_pem=issue("").certificate)
    with pytest.raises(UntrustedCertificate):
        await client.fetch(f"{provider.issuer}/jwks")
    await client.close()
    await provider.stop()


async def test_verification_can_be_left_out_on_the_administrators_word(tmp_path: Path) -> None:
    provider = await tls_provider(issue("other.example.com"), tmp_path)
    client = HttpClient(skip_tls_verify=True)
    assert (await client.fetch(f"{provider.issuer}/jwks")).status == 200
    await client.close()
    await provider.stop()


def test_a_file_without_certificates_is_refused() -> None:
    with pytest.raises(UntrustedCertificate):
        trust("not a certificate")


async def _serve(handle: Callable[[web.Request], Awaitable[web.Response]]) -> tuple[str, web.AppRunner]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}", runner


async def test_an_ipv6_address_is_told_as_it_is_written(http: HttpClient) -> None:
    with pytest.raises(ProviderUnavailable, match=r"http://\[::1\]:1/x could not"):
        await http.fetch("http://[::1]:1/x")


async def test_what_hinders_a_connection_is_told_in_words(
    idp: MisbehavingProvider, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    await idp.stop()
    with pytest.raises(ProviderUnavailable, match=r"\(connection refused\)"):
        await http.fetch(idp.issuer)
    # The machine's own resolver may take longer to say so than anybody waits here.
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProviderUnavailable, match="its name is not known here"):
        await http.fetch("https://nonexistent.invalid")


async def test_a_port_that_does_not_speak_tls_is_told_as_one(http: HttpClient) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    url, runner = await _serve(answer)
    with pytest.raises(ProviderUnavailable, match="no TLS connection"):
        await http.fetch(url.replace("http:", "https:"))
    await runner.cleanup()
