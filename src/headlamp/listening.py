"""The sockets that the server listens on, and in words why it can't have them."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack

from headlamp.problems import Problem

# More than a burst of people's tabs after a restart: what does not fit waits for a second in the browser's kernel.
BACKLOG = 1024
MOST_TRIES = 20


class CannotListen(Problem):
    """Any other reason than those below; the operating system's word for it is in the message."""

    code = "server.cannot_listen"
    title = "The server can't listen for connections"
    remedy = "Choose another address with -listen-addr, or another port with -port."


class PortTaken(CannotListen):
    code = "server.port_taken"
    title = "The port is taken"
    remedy = "Stop the other program, or choose another port with -port."


class AddressMissing(CannotListen):
    code = "server.address_missing"
    title = "The machine does not have this address"
    remedy = "Set -listen-addr to an address of this machine, or leave it out to listen on all of them."


class PortForbidden(CannotListen):
    code = "server.port_forbidden"
    title = "This port is not for everybody"
    remedy = (
        "Choose a port from 1024 up with -port, and let a proxy or a Kubernetes Service use the lower one; or give the "
        "program the capability NET_BIND_SERVICE."
    )


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on `port` of all addresses of `host`, IPv4 and IPv6; "" is every address of the machine.

    Port 0 takes a free one, and it is the same for all. A kind of address that the machine does not have (IPv6 in many
    containers) is left out as long as there is another. Raises a kind of `CannotListen`.
    """
    addresses = _addresses(host, port)
    for _ in range(MOST_TRIES):
        try:
            return _listen(addresses)
        except _TakenElsewhere:
            continue  # free for one kind of address only: the next try gets another one
        except OSError as error:
            raise _problem(error, host, port) from error
    raise PortTaken(f"Can't listen: no port is free on all addresses of {_named(host)}.")


class _TakenElsewhere(Exception):  # noqa: N818
    """The port that was free on the first address is not free on another."""


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressMissing(f"Can't listen on {_named(host)}: no address is known for this name.") from error
    return [(family, address[:2]) for family, _, _, _, address in dict.fromkeys(found)]  # type: ignore[misc]


def _listen(addresses: list[tuple[socket.AddressFamily, tuple[str, int]]]) -> list[socket.socket]:
    missing: OSError | None = None
    listeners: list[socket.socket] = []
    with ExitStack() as on_failure:
        for family, (address, port) in addresses:
            chosen = listeners[0].getsockname()[1] if port == 0 and listeners else port
            try:
                listener = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:
                missing = error
                continue
            on_failure.callback(listener.close)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                listener.bind((address, chosen))
                listener.listen(BACKLOG)
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    missing = error
                    listener.close()
                    continue
                if error.errno == errno.EADDRINUSE and chosen != port:
                    raise _TakenElsewhere from error
                raise
            listener.setblocking(False)
            listeners.append(listener)
        if not listeners:
            raise missing or OSError(errno.EADDRNOTAVAIL, "no address")
        on_failure.pop_all()
    return listeners


def _problem(error: OSError, host: str, port: int) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"Can't listen on port {port}: another program does.")
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return AddressMissing(f"Can't listen on {_named(host)}: it is no address of this machine.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortForbidden(f"Can't listen on port {port}: this user may not.")
    return CannotListen(f"Can't listen on port {port} of {_named(host)}: {error.strerror or type(error).__name__}.")


def _named(host: str) -> str:
    return host or "all addresses"
