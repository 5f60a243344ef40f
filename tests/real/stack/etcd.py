"""etcd: the memory of the cluster."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.processes import Workplace

READY_WITHIN_S = 30.0


@dataclass(frozen=True)
class Etcd:
    """One member, which never waits for the disk: nothing of it has to survive the machine."""

    place: Workplace
    binary: Path
    port: int
    peer_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        peers = f"http://127.0.0.1:{self.peer_port}"
        program = self.place.start(
            "etcd",
            [
                self.binary,
                "--name=tests",
                f"--data-dir={self.place.folder / 'etcd'}",
                "--unsafe-no-fsync",
                "--log-level=warn",
                f"--listen-client-urls={self.url}",
                f"--advertise-client-urls={self.url}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=tests={peers}",
            ],
        )
        program.wait_until(self._healthy, within=READY_WITHIN_S)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
