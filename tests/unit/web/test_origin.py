from __future__ import annotations

import ipaddress

import pytest
from multidict import CIMultiDict

from headlamp.web.errors import BadRequestHead, HostNotAllowed
from headlamp.web.origin import ExternalOrigin, Origins, Peer, parse_origin

PRIVATE = tuple(ipaddress.ip_network(network) for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8"))
BROWSER = Peer("127.0.0.1")
PROXY = Peer("10.1.2.3")
STRANGER = Peer("203.0.113.9")


def headers(host: str = "localhost:4466", **more: str) -> CIMultiDict[str]:
    return CIMultiDict({"Host": host, **{name.replace("_", "-"): value for name, value in more.items()}})


# Derivation


def test_without_a_proxy_the_origin_is_what_the_connection_says() -> None:
    assert str(Origins().of(headers(), BROWSER)) == "http://localhost:4466"
    assert str(Origins().of(headers("app.test"), Peer("203.0.113.9", tls=True))) == "https://app.test"


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http", "https,http"])
def test_a_trusted_proxy_says_which_scheme_the_browser_used(proto: str) -> None:
    origin = Origins(trusted_proxies=PRIVATE).of(headers("app.test", X_Forwarded_Proto=proto), PROXY)
    assert (str(origin), origin.certain) == ("https://app.test", True)


@pytest.mark.parametrize("proto", ["", "ftp", "javascript", "http\x00s"])
def test_a_scheme_that_is_none_is_ignored(proto: str) -> None:
    assert Origins(trusted_proxies=PRIVATE).of(headers("app.test", X_Forwarded_Proto=proto), PROXY).scheme == "http"


def test_f3c_forwarded_headers_of_a_stranger_are_ignored() -> None:
    origin = Origins(trusted_proxies=PRIVATE).of(headers("app.test", X_Forwarded_Proto="https"), STRANGER)
    assert (origin.scheme, origin.certain) == ("http", False)


def test_f3c_nobody_is_trusted_unless_configured() -> None:
    assert Origins().of(headers("app.test", X_Forwarded_Proto="https"), BROWSER).scheme == "http"


def test_f3c_a_forwarded_host_is_never_taken_for_the_host() -> None:
    origin = Origins(trusted_proxies=PRIVATE).of(headers("app.test", X_Forwarded_Host="evil.test"), PROXY)
    assert origin.host == "app.test"


def test_a_mapped_ipv4_address_is_the_address_that_it_maps() -> None:
    peer = Peer("::ffff:10.1.2.3")
    assert Origins(trusted_proxies=PRIVATE).of(headers("app.test", X_Forwarded_Proto="https"), peer).secure


def test_the_public_url_is_the_origin_for_its_own_host() -> None:
    origins = Origins(public_url="https://app.test/k8s")
    assert str(origins.of(headers("app.test"), STRANGER)) == "https://app.test"


def test_the_public_url_is_the_origin_behind_a_proxy_that_changes_the_host() -> None:
    origins = Origins(public_url="https://app.test", trusted_proxies=PRIVATE)
    assert str(origins.of(headers("127.0.0.1:4466", X_Forwarded_For="203.0.113.9"), BROWSER)) == "https://app.test"


def test_beside_the_public_url_the_machine_itself_is_still_reached_directly() -> None:
    origins = Origins(public_url="https://app.test", trusted_proxies=PRIVATE)
    assert str(origins.of(headers(), BROWSER)) == "http://localhost:4466"


@pytest.mark.parametrize(
    "host",
    ["", "a b", "user@app.test", "app.test/path", "app.test:port", "app.test:99999", "[::1", "a,b", "app.test\\x"],
)
def test_f5_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(BadRequestHead):
        Origins().of(headers(host), BROWSER)


def test_f8_a_request_with_two_hosts_or_none_is_refused() -> None:
    with pytest.raises(BadRequestHead):
        Origins().of(CIMultiDict([("Host", "localhost"), ("Host", "evil.test")]), BROWSER)
    with pytest.raises(BadRequestHead):
        Origins().of(CIMultiDict(), BROWSER)


# B10


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4466", "demo.localhost", "127.0.0.1:4466", "[::1]:4466"])
def test_b10_loopback_names_are_ours(host: str) -> None:
    Origins().check_host(headers(host), BROWSER)


@pytest.mark.parametrize("host", ["192.168.7.1:4466", "203.0.113.5", "[2001:db8::1]:4466"])
def test_b10_ip_addresses_cannot_be_rebound(host: str) -> None:
    Origins().check_host(headers(host), STRANGER)


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", "127.0.0.1.nip.test", "0x7f.1", "2130706433"])
@pytest.mark.parametrize("peer", [BROWSER, PROXY, STRANGER, Peer(None)])
def test_b10_a_name_that_nobody_configured_is_refused(host: str, peer: Peer) -> None:
    with pytest.raises(HostNotAllowed) as caught:
        Origins(public_url="https://app.test", trusted_proxies=PRIVATE).check_host(headers(host), peer)
    assert caught.value.status == 421
    assert "-allowed-hosts" in caught.value.remedy
    assert "-public-url" in caught.value.remedy


@pytest.mark.parametrize("peer", [BROWSER, PROXY, STRANGER])
def test_b10_the_public_url_and_the_allowed_hosts_are_ours(peer: Peer) -> None:
    origins = Origins(public_url="https://app.test:8443", allowed_hosts=["more.test", "*.wild.test"])
    for host in ("app.test:8443", "APP.test", "more.test", "more.test.", "one.wild.test", "a.b.wild.test:80"):
        origins.check_host(headers(host), peer)
    for host in ("wild.test", "notwild.test", "evilmore.test"):
        with pytest.raises(HostNotAllowed):
            origins.check_host(headers(host), peer)


def test_b10_a_proxy_on_another_machine_answers_for_the_host_that_it_forwards() -> None:
    Origins(trusted_proxies=PRIVATE).check_host(headers("any.test", X_Forwarded_For="203.0.113.9"), PROXY)


@pytest.mark.parametrize("peer", [BROWSER, STRANGER, Peer(None)])
def test_b10_forwarded_headers_do_not_help_a_page_on_this_machine_or_a_stranger(peer: Peer) -> None:
    # A page that was rebound can send such headers itself.
    with pytest.raises(HostNotAllowed):
        Origins(trusted_proxies=PRIVATE).check_host(headers("evil.test", X_Forwarded_Proto="https"), peer)


# Whose origin it is


@pytest.mark.parametrize(
    "claimed",
    [
        "https://evil.example.com",
        "https://example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.test",
        "http://app.example.com",
        "https://app.example.com@evil.test",
        "https://[::1]",
        "null",
        "",
        "https://",
        "https://app.example.com https://evil.test",
        "https://app.example.com, https://evil.test",
        "file://app.example.com",
        "https://app.example.com\\@evil.test",
        "https://[bad",
    ],
)
def test_b3_c1_origins_that_are_not_ours_are_told(claimed: str) -> None:
    ours = ExternalOrigin("https", "app.example.com", 443)
    assert not Origins().is_ours(claimed, ours)


@pytest.mark.parametrize(
    "claimed", ["https://app.example.com", "https://APP.example.com", "https://app.example.com:443"]
)
def test_b3_our_own_origin_is_ours(claimed: str) -> None:
    assert Origins().is_ours(claimed, ExternalOrigin("https", "app.example.com", 443))


def test_c1_localhost_and_the_ipv6_literal_are_different_origins() -> None:
    ours = ExternalOrigin("http", "localhost", 4466, certain=False)
    assert Origins().is_ours("http://localhost:4466", ours)
    assert not Origins().is_ours("http://[::1]:4466", ours)


def test_c1_behind_a_proxy_that_says_nothing_the_scheme_is_open_and_the_rest_is_not() -> None:
    ours = ExternalOrigin("http", "app.test", 80, certain=False)
    assert Origins().is_ours("https://app.test", ours)
    assert Origins().is_ours("http://app.test", ours)
    assert not Origins().is_ours("https://app.test:8443", ours)
    assert not Origins().is_ours("https://other.test", ours)


def test_c1_the_public_url_is_ours_whatever_host_the_proxy_wrote() -> None:
    origins = Origins(public_url="https://app.test/base")
    ours = ExternalOrigin("http", "127.0.0.1", 4466, certain=False)
    assert origins.is_ours("https://app.test", ours)
    assert not origins.is_ours("http://app.test", ours)


def test_an_origin_is_written_without_the_port_that_its_scheme_implies() -> None:
    for url in ("https://app.test", "http://app.test:8080", "http://[::1]:4466"):
        assert str(parse_origin(url)) == url
