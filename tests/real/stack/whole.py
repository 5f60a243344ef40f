"""Everything that one test run has, in one workplace."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from tests.real.stack.build import DEX, KUBERNETES, Recipe
from tests.real.stack.cluster import Cluster
from tests.real.stack.dex import Dex
from tests.real.stack.nginx import Nginx
from tests.real.stack.pki import Pki
from tests.real.stack.ports import Ports
from tests.real.stack.processes import Workplace
from tests.real.stack.product import Product, callback


class Stack:
    """Starts each part when a test first asks for it. `programs` gives the folder of a recipe's programs."""

    def __init__(self, place: Workplace, programs: Callable[[Recipe], Path]) -> None:
        self.place = place
        self._programs = programs
        self._ports = Ports()
        # The provider has to know where the product will be, and the API server where the provider will be.
        self._product_port, self._nginx_port, self._dex_port = (self._ports.take() for _ in range(3))
        self.web_pki = Pki(place, "web")

    @functools.cached_property
    def dex(self) -> Dex:
        """The identity provider."""
        addresses = (f"http://localhost:{self._product_port}", f"https://localhost:{self._nginx_port}")
        dex = Dex(
            self.place,
            self._programs(DEX) / "dex",
            self.web_pki,
            self._dex_port,
            tuple(callback(address) for address in addresses),
        )
        dex.start()
        return dex

    @functools.cached_property
    def cluster(self) -> Cluster:
        """The cluster, of which nothing runs until it is asked for."""
        return Cluster(self.place, self._programs(KUBERNETES), self._ports, self.dex.trusted)

    @functools.cached_property
    def product(self) -> Product:
        """The product, which runs from now on."""
        product = Product(self.place, self._product_port, self.cluster.servers, self.cluster.identity.pki.ca, self.dex)
        product.start()
        return product

    def nginx(self, binary: str) -> Nginx:
        """nginx in front of the product; to be asked for once."""
        nginx = Nginx(self.place, binary, self.web_pki, self._nginx_port, self.product.port)
        nginx.start()
        return nginx

    @property
    def kubectl(self) -> Path:
        return self._programs(KUBERNETES) / "kubectl"
