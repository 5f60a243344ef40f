"""An API server whose trust in identity providers a test sets: by flags, or by a file that is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.apiserver import ApiServer


@dataclass
class TunableApiServer(ApiServer):
    """Another door to a cluster. It starts with `configuration`, the text of an AuthenticationConfiguration, if there
    is one, and else with `oidc_flags`.
    """

    configuration: str = ""
    oidc_flags: Sequence[str] = ()
    _log_begins: int = 0

    def restart(self, *, configuration: str = "", oidc_flags: Sequence[str] = ()) -> None:
        """Start, or start again, with other settings."""
        self.stop()
        self.configuration, self.oidc_flags = configuration, oidc_flags
        self._log_begins = self._log_file.stat().st_size if self._log_file.exists() else 0
        self.start()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._program is not None:
            self._program.stop()
            self._program = None

    def reconfigure(self, configuration: str) -> None:
        """Replace the file while the server runs, which is to notice it by itself."""
        assert self.configuration, "it was not started with a file"
        self.configuration = configuration
        self._write()

    @property
    def log(self) -> str:
        """What it has logged since it was last started."""
        with self._log_file.open("rb") as file:
            file.seek(self._log_begins)
            return file.read().decode(errors="replace")

    @property
    def _log_file(self) -> Path:
        return self.place.logs / f"{self.name}.log"

    def _write(self) -> Path:
        return self.place.write(f"{self.name}/authentication.yaml", self.configuration)

    def _flags(self) -> list[str]:
        flags = super()._flags()
        if self.configuration:
            return [*flags, f"--authentication-config={self._write()}"]
        return [*flags, *self.oidc_flags]


def beside(server: ApiServer, port: int, name: str) -> TunableApiServer:
    """A tunable API server of the same cluster as `server`, on another port; it is not started yet."""
    return TunableApiServer(
        place=server.place,
        binary=server.binary,
        identity=server.identity,
        etcd_url=server.etcd_url,
        port=port,
        issuers=(),
        name=name,
    )
