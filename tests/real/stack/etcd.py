"""etcd: the memory of the cluster."""

from __future__ import annotations

import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0


@dataclass
class Etcd:
    """One member, which never waits for the disk: nothing of it has to survive the machine.

    `kill` and `start` again is what a crash and a restart are; between the two its data can be kept and put back.
    """

    place: Workplace
    binary: Path
    port: int
    peer_port: int
    _program: Program | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _data(self) -> Path:
        return self.place.folder / "etcd"

    def start(self) -> None:
        peers = f"http://127.0.0.1:{self.peer_port}"
        self._program = self.place.start(
            "etcd",
            [
                self.binary,
                "--name=tests",
                f"--data-dir={self._data}",
                "--unsafe-no-fsync",
                "--log-level=warn",
                f"--listen-client-urls={self.url}",
                f"--advertise-client-urls={self.url}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=tests={peers}",
            ],
        )
        self._program.wait_until(self._healthy, within=READY_WITHIN_S)

    def kill(self) -> None:
        """As a crash: in the middle of whatever it does."""
        assert self._program is not None
        self._program.kill()

    def keep(self, backup: Path) -> None:
        """Copy the data to a folder that is not there yet, while nothing runs."""
        shutil.copytree(self._data, backup)

    def put_back(self, backup: Path) -> None:
        """Let the data be what was kept, while nothing runs; all that came later is as if it had never been."""
        shutil.rmtree(self._data)
        shutil.copytree(backup, self._data)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
