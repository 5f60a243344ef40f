"""A Go that is new enough: the machine's own, or the release that it fetches as a module.

Distributions have older ones than Kubernetes asks for. Since 1.21 Go fetches newer releases of itself from the module
proxy by the name `golang.org/toolchain`, and checks them against the checksum database like any module. An older Go
can fetch that module too; it only doesn't know that its programs have to be executable.
"""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.processes import Supervisor
from tests.real.stack.progress import Progress
from tests.real.stack.steps import BuildError, run_step

RELEASE = "1.26.6"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SAYING = f"Fetching Go {RELEASE}, once: the machine's own is older"


@dataclass(frozen=True)
class Go:
    """Finds or fetches the program `go`."""

    supervisor: Supervisor
    progress: Progress

    def command(self, wanted: str) -> str:
        """The path of a Go that builds modules whose go.mod says `go WANTED`. Raises `BuildError`."""
        said = self._ask("go", "version")
        found = re.search(r"\bgo(\d+(?:\.\d+)*)", said)
        if found is None:
            raise BuildError(f"go version answered {said!r}")
        if numbers(found[1]) >= numbers(wanted):
            return "go"
        return str(self._fetched())

    def _fetched(self) -> Path:
        system, machine = platform.system().lower(), _ARCHITECTURES.get(platform.machine().lower())
        if machine is None:
            raise BuildError(f"There is no release of Go for {platform.machine()} that this could fetch.")
        # Its version names the platform, and it is no requirement of any of the modules here.
        module = f"golang.org/toolchain@v0.0.1-go{RELEASE}.{system}-{machine}"
        folder = Path(json.loads(self._ask("go", "mod", "download", "-json", module))["Dir"])
        for program in (*folder.glob("bin/*"), *folder.glob("pkg/tool/*/*")):
            program.chmod(0o755)
        return folder / "bin" / "go"

    def _ask(self, *words: str) -> str:
        # Outside of any module, so that none of them is asked for its opinion.
        return run_step(words, _SAYING, supervisor=self.supervisor, progress=self.progress, cwd=Path("/"))


def go_env() -> dict[str, str]:
    """What every build has set: nothing here needs a C compiler, and the chosen Go is the one that builds."""
    inherited = {name: value for name, value in os.environ.items() if name != "GOROOT"}
    return inherited | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}


def wanted_by(module: Path) -> str:
    """The release that a module's go.mod asks for."""
    found = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise BuildError(f"{module}/go.mod does not say which Go it needs.")
    return found[1]


def numbers(version: str) -> tuple[int, ...]:
    """A version as it is compared: 1.26 is before 1.26.1."""
    return tuple(int(part) for part in version.split("."))
