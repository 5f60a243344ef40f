"""Everything that one test run has, in one workplace."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.real.stack import keycloak as keycloak_module
from tests.real.stack import oidc_provider as oidc_provider_module
from tests.real.stack.apiserver import TrustedIssuer
from tests.real.stack.build import DEX, KUBERNETES, Recipe
from tests.real.stack.cluster import Cluster
from tests.real.stack.dex import CLIENT_ID, Dex
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.nginx import Nginx
from tests.real.stack.oidc_client import OidcClient, callback
from tests.real.stack.oidc_provider import ALGORITHMS, OidcProvider
from tests.real.stack.people import HUGE, PROVIDER_PREFIX
from tests.real.stack.pki import Pki
from tests.real.stack.ports import Ports
from tests.real.stack.processes import Workplace
from tests.real.stack.product import Product
from tests.real.stack.releases import NEWEST, Release

HOST = "headlamp.test"
"""A host name that is not loopback's own, as people have; tests' browsers find it on this machine."""
BASE_URL = "/headlamp"
# How many products, and nginx in front of them, one run may have. Dex has to know all their addresses beforehand.
MOST_PRODUCTS = 64


class Stack:
    """Starts each part when a test first asks for it.

    `programs` gives the folder of a recipe's programs, `keycloak_home` that of Keycloak's distribution,
    `oidc_provider_home` that of oidc-provider.
    """

    def __init__(
        self,
        place: Workplace,
        programs: Callable[[Recipe], Path],
        keycloak_home: Callable[[], Path],
        oidc_provider_home: Callable[[], Path],
    ) -> None:
        self.place = place
        self.programs = programs
        self._keycloak_home = keycloak_home
        self._oidc_provider_home = oidc_provider_home
        self._keycloak: Future[Keycloak] | None = None
        self._ports = Ports()
        self.web_pki = Pki(place, "web")
        # The providers have to know where the product will be, and the API server where the providers will be.
        product_ports, nginx_ports = ([self._ports.take() for _ in range(MOST_PRODUCTS)] for _ in range(2))
        self._product_ports, self._nginx_ports = iter(product_ports), iter(nginx_ports)
        self._redirect_uris = tuple(_redirect_uris(product_ports, nginx_ports))
        self._dex_port, self._keycloak_port, self._oidc_provider_port, self.provider_port = (
            self._ports.take() for _ in range(4)
        )
        self._names = map(str, itertools.count(1))

    @functools.cached_property
    def dex(self) -> Dex:
        """The identity provider that most tests sign in at."""
        dex = Dex(self.place, self.programs(DEX) / "dex", self.web_pki, self._dex_port, self._redirect_uris)
        dex.start()
        return dex

    def begin_keycloak(self) -> None:
        """Start Keycloak beside everything else, for those who ask for it later; it takes its time."""
        if self._keycloak is None:
            built = self._keycloak_home()
            keycloak = Keycloak(self.place, built, self.web_pki, self._keycloak_port, self._ports.take())
            self._keycloak = ThreadPoolExecutor(1).submit(_started, keycloak)

    @property
    def keycloak(self) -> Keycloak:
        """The other identity provider."""
        self.begin_keycloak()
        assert self._keycloak is not None
        return self._keycloak.result()

    @functools.cached_property
    def oidc_provider(self) -> OidcProvider:
        """A third one, whose clients may be anywhere that a product can be."""
        ports = [self.product_port() for _ in ALGORITHMS]
        provider = OidcProvider(
            self.place,
            self._oidc_provider_home(),
            self.web_pki,
            self._oidc_provider_port,
            dict(zip(ALGORITHMS, ports, strict=True)),
        )
        provider.start()
        return provider

    @property
    def provider_issuer(self) -> TrustedIssuer:
        """A provider that a test is itself, on `provider_port` with a certificate of `web_pki`."""
        return TrustedIssuer(
            f"https://localhost:{self.provider_port}", CLIENT_ID, self.web_pki.pem, prefix=PROVIDER_PREFIX
        )

    @functools.cached_property
    def cluster(self) -> Cluster:
        """The cluster, of which nothing runs until it is asked for."""
        return self._new_cluster(self.place, NEWEST)

    def another_cluster(self, name: str, release: Release = NEWEST) -> Cluster:
        """A cluster in a folder of its own, which whoever asks for it ends by its `place`."""
        return self._new_cluster(Workplace(self.place.folder / name, self.place.supervisor), release)

    def _new_cluster(self, place: Workplace, release: Release) -> Cluster:
        # An API server looks for an issuer that was not there when it started only every ten seconds.
        issuers = (
            self.dex.trusted,
            keycloak_module.trusted(self._keycloak_port, self.web_pki),
            oidc_provider_module.trusted(self._oidc_provider_port, self.web_pki),
            self.provider_issuer,
        )
        return Cluster(place, release, self.programs, self._ports, issuers)

    @functools.cached_property
    def product(self) -> Product:
        """The product with Dex, which runs from now on."""
        return self.serve(self.product_port(), self.dex.client, name="headlamp")

    def product_port(self) -> int:
        """Where a product may be started. Its addresses on localhost and on `HOST` are known to Dex."""
        return next(self._product_ports)

    def serve(
        self,
        port: int,
        client: OidcClient | None,
        *options: str,
        base_url: str = "",
        config: str | None = None,
        name: str = "",
        by_environment: bool = False,
    ) -> Product:
        """Start a product. `config` is its kubeconfig, else one of all clusters without credentials."""
        if config is None:
            config = self.cluster.kubeconfig
        name = name or f"headlamp-{next(self._names)}"
        product = Product(self.place, port, config, client, options, base_url, name, by_environment)
        product.start()
        return product

    def nginx(
        self,
        binary: str,
        upstream: int,
        *,
        host: str = "localhost",
        forwarded_proto: str = "$scheme",
        upgrades: bool = True,
    ) -> Nginx:
        """nginx in front of the product that is, or will be, at a port."""
        port, address = next(self._nginx_ports), f"http://127.0.0.1:{upstream}"
        nginx = Nginx(self.place, binary, self.web_pki, port, address, host, forwarded_proto, upgrades, f"nginx-{port}")
        nginx.start()
        return nginx

    def nginx_before_cluster(self, binary: str, cluster_url: str) -> Nginx:
        """nginx in front of an API server, which it knows by its address and asks in the user's own name."""
        port = next(self._nginx_ports)
        pki = self.cluster.identity.pki
        nginx = Nginx(self.place, binary, pki, port, cluster_url, name=f"nginx-{port}")
        nginx.start()
        return nginx

    @property
    def kubectl(self) -> Path:
        return self.programs(KUBERNETES) / "kubectl"


def _started(keycloak: Keycloak) -> Keycloak:
    keycloak.start()
    # Whoever is the first with very many groups waits for ten seconds, as long as the product has patience.
    keycloak.token_of(HUGE)
    return keycloak


def _redirect_uris(product_ports: list[int], nginx_ports: list[int]) -> Iterator[str]:
    """What is registered at Dex: plain http on loopback alone, and https for what is behind nginx."""
    for port in product_ports:
        yield callback(f"http://localhost:{port}")
    for port, host, base_url in itertools.product(nginx_ports, ("localhost", HOST), ("", BASE_URL)):
        yield callback(f"https://{host}:{port}{base_url}")
