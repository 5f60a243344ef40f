"""The whole server on a loopback port, with a provider and an API server that record what they hear."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import aiohttp
import yarl
from tests.adversarial.provider import MisbehavingProvider
from tests.support.upstream import RecordingUpstream

from headlamp.app import Running, serving
from headlamp.settings import Secret, Settings


@dataclass
class Whole:
    """A running server named "main" its one cluster, and what stands around it."""

    running: Running
    idp: MisbehavingProvider
    upstream: RecordingUpstream

    @property
    def url(self) -> str:
        return f"http://localhost:{self.running.port}"

    def browser(self) -> Browser:
        """Another browser, with no cookies."""
        return Browser(self)


class Browser:
    """Follows redirects by hand, so that a test sees each of them. It may open a connection for each request."""

    def __init__(self, whole: Whole, *, keep_alive: bool = True) -> None:
        self.whole = whole
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            max_field_size=65_536,
            connector=aiohttp.TCPConnector(force_close=not keep_alive),
        )

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        """One request, read to its end; `path` goes out as it is."""
        url = path if path.startswith("http") else f"{self.whole.url}{path}"
        response = await self.http.request(method, yarl.URL(url, encoded=True), allow_redirects=False, **options)
        await response.read()
        return response

    async def callback_address(self, return_to: str | None = None, *, cluster: str = "main") -> str:
        """Start a sign-in and let the provider agree: the address that it sends the browser to."""
        query = "" if return_to is None else f"&return_to={quote(return_to, safe='')}"
        start = await self.get(f"/oidc?cluster={cluster}{query}")
        assert start.status == 302, await start.text()
        agreed = await self.get(start.headers["Location"])
        assert agreed.status == 302
        return agreed.headers["Location"]

    async def sign_in(self, user: str = "alice", return_to: str | None = "/c/main/pods") -> aiohttp.ClientResponse:
        """A whole sign-in; the answer to the callback."""
        self.whole.idp.user = user
        return await self.get(await self.callback_address(return_to))

    def cookies(self) -> dict[str, str]:
        """What the browser holds for this server."""
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}


@asynccontextmanager
async def whole_server(
    folder: Path,
    *,
    now: Callable[[], float] = time.time,
    idp: MisbehavingProvider | None = None,
    users: Mapping[str, Mapping[str, Any]] | None = None,
    **settings: Any,
) -> AsyncIterator[Whole]:
    """Everything up; `settings` go over those that make it work, `now` is the server's clock and the provider's.

    An `idp` of the caller's is used as it is: running already, and ended by the caller. `users` are entries of a
    kubeconfig's `users`, each with a context of its name beside "main", at the same cluster.
    """
    async with AsyncExitStack() as stack:
        if idp is None:
            idp = MisbehavingProvider(now=now)
            await idp.start()
            stack.push_async_callback(idp.stop)
        upstream = await stack.enter_async_context(RecordingUpstream())
        running = await stack.enter_async_context(
            serving(_settings(folder, idp, upstream, settings, users or {}), now=now)
        )
        yield Whole(running, idp, upstream)


def _settings(
    folder: Path,
    idp: MisbehavingProvider,
    upstream: RecordingUpstream,
    changes: dict[str, Any],
    users: Mapping[str, Mapping[str, Any]],
) -> Settings:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(kubeconfig_for(upstream, users)))
    chosen: dict[str, Any] = {
        "listen_addr": "127.0.0.1",
        "port": 0,
        "kubeconfig": str(kubeconfig),
        "state_dir": folder / "state",
        "session_store": "memory",
        "oidc_client_id": idp.client_id,
        "oidc_client_secret": Secret(idp.client_secret or ""),
        "oidc_idp_issuer_url": idp.issuer,
        **changes,
    }
    return Settings(**chosen)


def kubeconfig_for(
    upstream: RecordingUpstream, users: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> dict[str, Any]:
    """A kubeconfig whose contexts are "main" and one for each of `users`, all at the same cluster."""
    cluster = upstream.cluster()
    assert cluster.tls.ca_pem is not None
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "main",
                "cluster": {
                    "server": cluster.server,
                    "certificate-authority-data": base64.b64encode(cluster.tls.ca_pem.encode()).decode(),
                },
            }
        ],
        "users": [
            {"name": "somebody", "user": {"token": "kubeconfig-token"}},
            *({"name": name, "user": user} for name, user in users.items()),
        ],
        "contexts": [
            {"name": "main", "context": {"cluster": "main", "user": "somebody"}},
            *({"name": name, "context": {"cluster": "main", "user": name}} for name in users),
        ],
    }
