"""Writes the lock files: every package with its version and hashes, and nothing about where it comes from.

`python requirements/lock.py` keeps the versions that are locked, `--upgrade` takes the newest ones.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HEADER = "# Written by `make lock` from pyproject.toml: {what}.\n"

DEV, DEMO = HERE / "dev.txt", HERE / "demo.txt"


def main(options: list[str]) -> None:
    """Lock what developing needs, then the part of it that running the program and building the page need."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))
    program: list[str] = project["project"]["dependencies"]
    small = [*program, *members(project, "ui"), *members(project, "build")]
    compile_lock(DEV, [*program, *members(project, "dev")], options, "everything that developing needs")
    compile_lock(DEMO, small, [f"--constraint={DEV}"], "what the program and the build of its page need")


def compile_lock(lock: Path, wanted: list[str], options: list[str], what: str) -> None:
    """Resolve a list of requirements with pip-compile."""
    command = [sys.executable, "-m", "piptools", "compile", "-", "--quiet", "--generate-hashes", "--allow-unsafe"]
    command += ["--strip-extras", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--no-emit-trusted-host", "--no-emit-options", f"--output-file={lock}", *options]
    subprocess.run(command, input="\n".join(wanted), text=True, check=True, cwd=HERE.parent)
    lock.write_text(HEADER.format(what=what) + lock.read_text("utf-8"), "utf-8")


def members(project: dict[str, Any], group: str) -> list[str]:
    """The requirements of a dependency group (PEP 735), included groups with it."""
    found: list[str] = []
    for entry in project["dependency-groups"][group]:
        found += [entry] if isinstance(entry, str) else members(project, entry["include-group"])
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
