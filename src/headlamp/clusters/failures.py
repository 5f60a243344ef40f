"""What the client libraries raise, named: each way to fail to reach a cluster as its own `Problem`."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator

import aiohttp

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import (
    ClusterNameNotFound,
    ClusterNotTrusted,
    ClusterProblem,
    ClusterTimedOut,
    ClusterUnreachable,
    TokenTooLarge,
)
from headlamp.clusters.head_limit import breaks_at_head


class ConnectError(OSError):
    """No connection came about; for TLS failures and names that don't resolve there are Python's own errors."""


class InvalidAnswer(aiohttp.ClientError):
    """What came is not one HTTP answer as we take it."""


class UnaskedUpgrade(InvalidAnswer):
    """It is 101, to a request that was no upgrade."""


@contextlib.contextmanager
def named_failures(cluster: Cluster, *, token_size: int = 0) -> Iterator[None]:
    """Raise a `ClusterUnreachable` (or the subclass that fits) for a failure of the client library.

    Messages name the cluster and the step, never its address: they are shown to whoever may see the cluster's name.
    Where a request is sent, `token_size` are the bytes of its token, for `TokenTooLarge`.
    """
    name = cluster.original_name
    try:
        yield
    except ClusterProblem as problem:
        problem.cluster = problem.cluster or cluster.name
        raise
    except (aiohttp.ClientConnectorDNSError, socket.gaierror) as error:
        raise ClusterNameNotFound(f"The host name of {name} does not resolve.", cluster=cluster.name) from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise ClusterNotTrusted(
            f"The TLS connection to {name} failed: {_tls_cause(error)}.", cluster=cluster.name
        ) from error
    except TimeoutError as error:
        raise ClusterTimedOut(f"{name} did not answer in time.", cluster=cluster.name) from error
    except (aiohttp.ClientError, OSError) as error:
        if breaks_at_head(token_size) and not isinstance(
            error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError | ConnectError
        ):
            raise TokenTooLarge(token_size, None, cluster=cluster.name) from error
        raise ClusterUnreachable(_sentence(name, error), cluster=cluster.name) from error


def _sentence(name: str, error: Exception) -> str:
    match error:
        case aiohttp.ClientHttpProxyError():
            return f"The proxy in front of {name} refused the connection ({error.status})."
        case aiohttp.ClientProxyConnectionError():
            return f"No connection to the proxy in front of {name}."
        case aiohttp.ClientConnectorError() | ConnectError():
            # By number, since the text of asyncio's own error holds the address.
            return f"No connection to {name}: {os.strerror(error.errno) if error.errno else 'failed'}."
        case aiohttp.ServerDisconnectedError():
            return f"{name} closed the connection without an answer."
        case aiohttp.ClientPayloadError():
            return f"The answer of {name} broke off."
        case aiohttp.WSServerHandshakeError():
            return f"{name} answered the upgrade with a faulty handshake: {error.message}."
        case UnaskedUpgrade():
            return f"{name} switched protocols without having been asked."
        case aiohttp.ClientResponseError() | InvalidAnswer():
            return f"The answer of {name} is not valid HTTP."
        case _:
            return f"The connection to {name} broke."


def _tls_cause(error: BaseException) -> str:
    """The verifier's own words, such as "self-signed certificate in certificate chain"."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return getattr(inner, "verify_message", None) or getattr(inner, "reason", None) or "handshake failed"
