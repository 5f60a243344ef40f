"""The product, as people start it."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from tests.real.stack.oidc_client import OidcClient
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0


@dataclass
class Product:
    """One `headlamp serve` on loopback, for the clusters of a kubeconfig, as a client of a provider if there is one.

    `options` are further flags. Each product has its own `name`, and by it a folder and a log.
    """

    place: Workplace
    port: int
    kubeconfig: str
    client: OidcClient | None
    options: Sequence[str] = ()
    base_url: str = ""
    name: str = "headlamp"
    by_environment: bool = False
    """Whether it gets its settings by environment variables instead of flags."""
    _program: Program | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}{self.base_url}"

    @property
    def log(self) -> str:
        """What it has logged up to now."""
        return (self.place.logs / f"{self.name}.log").read_text()

    @property
    def group(self) -> int:
        """The process group of all its processes."""
        assert self._program is not None
        return self._program.group

    def settings(self) -> list[str]:
        """The flags that it is started with."""
        config = self.place.write(f"{self.name}/kubeconfig.json", self.kubeconfig)
        flags = [
            "-listen-addr=127.0.0.1",
            f"-port={self.port}",
            f"-kubeconfig={config}",
            f"-state-dir={self.place.folder / self.name / 'state'}",
            "-log-level=debug",
            *self.options,
        ]
        if self.base_url:
            flags.append(f"-base-url={self.base_url}")
        if self.client is not None:
            flags += self.client.settings(self.place, self.name)
        return flags

    def start(self) -> None:
        flags, env = self.settings(), product_environment()
        if self.by_environment:
            env |= dict(_variable(flag) for flag in flags)
            flags = []
        self._program = self.place.start(self.name, [sys.executable, "-m", "headlamp", "serve", *flags], env=env)
        self._program.wait_until(self._ready, within=READY_WITHIN_S)

    def stop(self) -> None:
        """As an administrator does it; `start` again is a restart."""
        assert self._program is not None
        self._program.stop()

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.base_url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _variable(flag: str) -> tuple[str, str]:
    """The environment variable that says the same as a flag."""
    name, _, value = flag.lstrip("-").partition("=")
    return f"HEADLAMP_CONFIG_{name.upper().replace('-', '_')}", value or "true"


def product_environment() -> dict[str, str]:
    """This one, without settings that a developer may have for themselves."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADLAMP_CONFIG_") and name != "KUBECONFIG"
    }
