"""TLS towards API servers: a context that trusts exactly what the cluster's definition says."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from headlamp.clusters.cluster import Cluster


def client_context(cluster: Cluster, *, insecure_ssl: bool = False, with_certificate: bool = True) -> ssl.SSLContext:
    """The TLS context for connections to `cluster`.

    A cluster with its own authority trusts that one alone: the context starts empty, so neither the system's roots
    nor SSL_CERT_FILE and its like widen it. Without one the system's roots hold. `insecure_ssl` switches verification
    off for all clusters, `insecure_skip_verify` for this one. `with_certificate` presents the kubeconfig's own client
    certificate, where there is one.

    Raises `ValueError` when the authority, client certificate or key is not usable PEM.
    """
    tls = cluster.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if insecure_ssl or tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_pem is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        # Kubernetes clients accept an intermediate as the anchor, and clusters are handed out with one.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=tls.ca_pem)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError("the certificate authority is not a usable PEM certificate") from error
    local = cluster.local_credentials
    if with_certificate and local is not None and local.client_cert_pem and local.client_key_pem:
        _load_client_certificate(context, local.client_cert_pem, local.client_key_pem)
    return context


def _load_client_certificate(context: ssl.SSLContext, cert_pem: str, key_pem: str) -> None:
    with _private_file(cert_pem + "\n" + key_pem) as path:
        try:
            # A password callback keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(path, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            raise ValueError("the client certificate and key are not a usable pair") from error


@contextlib.contextmanager
def _private_file(content: str) -> Iterator[Path]:
    """A file that only we can read (mkstemp makes it 0600), gone at the end: `ssl` loads key pairs from files alone."""
    descriptor, name = tempfile.mkstemp(prefix="headlamp-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", errors="strict") as file:
            file.write(content)
        yield path
    finally:
        path.unlink(missing_ok=True)
