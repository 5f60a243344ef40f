"""Certificates and keys as files: an authority for the cluster and another one for what people open in a browser."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.real.stack.processes import Workplace
from tests.support.certificates import Authority

LOOPBACK = ("localhost", "127.0.0.1")
# Long enough that nothing warns of their end.
LIFETIME_S = 90 * 86400.0


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """The TLS context of a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


class Pki:
    """One authority in a folder of a workplace."""

    def __init__(self, place: Workplace, name: str) -> None:
        self._place = place
        self._folder = name
        self._authority = Authority(f"{name} of the tests", ends=LIFETIME_S)
        self.pem = self._authority.pem
        self.ca = place.write(f"{name}/ca.crt", self.pem)

    def server(self, name: str, *more_hosts: str) -> Pair:
        """For a server on loopback."""
        return self._pair(name, self._authority.issue(*LOOPBACK, *more_hosts, name=name, ends=LIFETIME_S))

    def client(self, user: str, group: str = "") -> Pair:
        """For a user of Kubernetes, in at most one group."""
        return self._pair(user.replace(":", "-"), self._authority.issue(name=user, organisation=group))

    def signing_key(self, name: str) -> Pair:
        """An RSA key and its public part, for tokens; nobody needs a certificate of it."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._pair(name, (public.decode(), private.decode()))

    def _pair(self, name: str, pems: tuple[str, str]) -> Pair:
        cert, key = pems
        return Pair(
            self._place.write(f"{self._folder}/{name}.crt", cert), self._place.write(f"{self._folder}/{name}.key", key)
        )


def trusting(*pems: str, client: Pair | None = None) -> ssl.SSLContext:
    """A client's TLS context that trusts these authorities alone, whatever the machine's variables say."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for pem in pems:
        context.load_verify_locations(cadata=pem)
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context
