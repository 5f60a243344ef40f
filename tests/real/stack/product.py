"""The product, as people start it."""

from __future__ import annotations

import os
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.dex import CLIENT_ID, CLIENT_SECRET, Dex
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 30.0


def callback(origin: str) -> str:
    """The redirect URI that the provider has to know for the product at an address."""
    return f"{origin}/oidc-callback"


@dataclass(frozen=True)
class Product:
    """`headlamp serve` on loopback, with clusters that it has no credentials for, and one provider."""

    place: Workplace
    port: int
    servers: dict[str, str]
    cluster_ca: Path
    dex: Dex

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> Program:
        config = self.place.write("product/kubeconfig.json", kubeconfig(self.servers, self.cluster_ca))
        secret = self.place.write("product/client-secret", CLIENT_SECRET)
        command = [
            sys.executable,
            "-m",
            "headlamp",
            "serve",
            "-listen-addr=127.0.0.1",
            f"-port={self.port}",
            f"-kubeconfig={config}",
            f"-oidc-idp-issuer-url={self.dex.issuer}",
            f"-oidc-client-id={CLIENT_ID}",
            f"-oidc-client-secret-file={secret}",
            "-oidc-scopes=profile,email,groups,offline_access",
            f"-oidc-ca-file={self.dex.pki.ca}",
            f"-state-dir={self.place.folder / 'product' / 'state'}",
            "-log-level=debug",
        ]
        program = self.place.start("headlamp", command, env=_environment())
        program.wait_until(self._ready, within=READY_WITHIN_S)
        return program

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _environment() -> dict[str, str]:
    """This one, without settings that a developer may have for themselves."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADLAMP_CONFIG_") and name != "KUBECONFIG"
    }
