"""The sockets that the server listens on: which there are, and the words for why there are none."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from headlamp.listening import AddressMissing, CannotListen, PortForbidden, PortTaken, listen

LOOPBACK = "127.0.0.1"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


@pytest.fixture
def closed() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _ports(listeners: list[socket.socket], closed: ExitStack) -> dict[int, int]:
    for listener in listeners:
        closed.enter_context(closing(listener))
    return {listener.family: listener.getsockname()[1] for listener in listeners}


@needs_ipv6
@pytest.mark.parametrize("host", ["", "localhost"])
def test_any_free_port_is_the_same_one_for_ipv4_and_ipv6(
    host: str, closed: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    if host:
        both = [_info(socket.AF_INET6, "::1"), _info(socket.AF_INET, LOOPBACK)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: both)
    ports = _ports(listen(host, 0), closed)
    assert set(ports) == {socket.AF_INET, socket.AF_INET6}
    assert len(set(ports.values())) == 1
    assert 0 not in ports.values()


@needs_ipv6
def test_a_port_that_is_free_for_one_kind_of_address_only_is_not_taken(
    closed: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []
    bind = socket.socket.bind

    def unlucky(self: socket.socket, address: Any) -> None:
        if address[1] != 0 and len(refused) < 3:
            refused.append(address[1])
            raise OSError(errno.EADDRINUSE, "taken")
        bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", unlucky)
    ports = _ports(listen("", 0), closed)
    assert len(refused) == 3
    assert len(ports) == 2
    assert len(set(ports.values())) == 1


def test_a_machine_without_ipv6_listens_on_ipv4(closed: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [_info(socket.AF_INET6, "2001:db8::1"), _info(socket.AF_INET, LOOPBACK)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: both)
    assert list(_ports(listen("somewhere", 0), closed)) == [socket.AF_INET]


def test_people_can_connect(closed: ExitStack) -> None:
    ports = _ports(listen(LOOPBACK, 0), closed)
    with socket.create_connection((LOOPBACK, ports[socket.AF_INET]), timeout=5):
        pass


def test_a_port_that_another_program_has_is_called_taken(closed: ExitStack) -> None:
    ports = _ports(listen(LOOPBACK, 0), closed)
    with pytest.raises(PortTaken) as raised:
        listen(LOOPBACK, ports[socket.AF_INET])
    assert str(ports[socket.AF_INET]) in raised.value.message
    assert "-port" in raised.value.remedy


@needs_ipv6
def test_a_port_that_is_taken_for_one_kind_of_address_is_taken_and_nothing_stays_open(closed: ExitStack) -> None:
    other = closed.enter_context(socket.socket(socket.AF_INET))
    other.bind(("0.0.0.0", 0))
    other.listen()
    port = other.getsockname()[1]
    with pytest.raises(PortTaken):
        listen("", port)
    with socket.socket(socket.AF_INET6) as probe:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(("::", port))


def test_an_address_of_another_machine_is_called_that() -> None:
    with pytest.raises(AddressMissing) as raised:
        listen("192.0.2.1", 0)
    assert "192.0.2.1" in raised.value.message
    assert "-listen-addr" in raised.value.remedy


def test_a_name_that_nobody_knows_is_called_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(AddressMissing, match=r"nowhere\.example"):
        listen("nowhere.example", 0)


@pytest.mark.parametrize(
    ("number", "problem", "word"),
    [
        (errno.EACCES, PortForbidden, "-port"),
        (errno.EPERM, PortForbidden, "-port"),
        (errno.ENOBUFS, CannotListen, "-listen-addr"),
    ],
)
def test_each_refusal_of_the_system_has_its_own_words(
    number: int, problem: type[CannotListen], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: socket.socket, _address: Any) -> None:
        raise OSError(number, "the system's words")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(CannotListen) as raised:
        listen(LOOPBACK, 80)
    assert type(raised.value) is problem
    assert word in raised.value.remedy


def _info(family: socket.AddressFamily, address: str) -> tuple[object, ...]:
    return (family, socket.SOCK_STREAM, 6, "", (address, 0))
